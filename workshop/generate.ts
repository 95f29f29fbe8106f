// `npm run generate`: formats the .proto files and writes api/gen from them, and the references below docs/ from the
// code. Needs no network.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runAll } from "./run-tool.ts";

const { failed } = await runAll([
  { name: "proto format", command: "buf", args: ["format", "--write", "api"] },
  {
    name: "proto code",
    command: "buf",
    args: ["generate", "api", "--template", "api/buf.gen.yaml", "--output", "api"],
  },
]);
const root = join(import.meta.dirname, "..");
const reference = spawnSync(process.execPath, [join(root, "provisioner/main.ts"), "reference"], {
  encoding: "utf8",
});
if (reference.status === 0) writeFileSync(join(root, "docs/cli.md"), reference.stdout);
else console.error(reference.stderr);
const others = spawnSync(process.execPath, [join(root, "test/reference/main.ts")], { stdio: "inherit" });
process.exitCode = failed === 0 && reference.status === 0 && others.status === 0 ? 0 : 1;
