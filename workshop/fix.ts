// Mends what a tool can mend: import order, format, lint.
import { runAll } from "./run-tool.ts";

const { failed } = await runAll([
  { name: "format", command: "biome", args: ["check", "--write"] },
  { name: "lint", command: "oxlint", args: ["--fix"] },
]);
process.exitCode = failed === 0 ? 0 : 1;
