// `npm run generate`: writes api/gen/ anew from the .proto files of api/.
import { spawnSync } from "node:child_process";
import { delimiter, join } from "node:path";

const root = join(import.meta.dirname, "..");
const bin = join(root, "node_modules/.bin");

const { status } = spawnSync(join(bin, "buf"), ["generate"], {
  cwd: join(root, "api"),
  env: { ...process.env, PATH: `${bin}${delimiter}${process.env["PATH"]}` },
  stdio: "inherit",
});
process.exitCode = status ?? 1;
