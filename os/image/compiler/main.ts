// Run by the image's own Node: compiles the program in the folder of the first argument into the file of the second.
import { writeFileSync } from "node:fs";
import { programScript } from "../../machined/starter/program-script.ts";

const [folder, file] = process.argv.slice(2);
writeFileSync(file!, programScript(folder!).compiled());
