// `npm run generate`: formats the .proto files and writes api/gen from them. Needs no network.
import { runAll } from "./run-tool.ts";

const { failed } = await runAll([
  { name: "proto format", command: "buf", args: ["format", "--write", "api"] },
  {
    name: "proto code",
    command: "buf",
    args: ["generate", "api", "--template", "api/buf.gen.yaml", "--output", "api"],
  },
]);
process.exitCode = failed === 0 ? 0 : 1;
