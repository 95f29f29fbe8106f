import type { Tool } from "./run-tool.ts";

/** Everything that can be said about the code without running it. The import law runs with the tests. */
export const staticChecks: readonly Tool[] = [
  { name: "types", command: "tsc", args: [] },
  { name: "lint", command: "oxlint", args: ["--type-aware", "--deny-warnings"] },
  { name: "format", command: "biome", args: ["check", "--error-on-warnings"] },
  { name: "dead code", command: "knip", args: ["--no-progress", "--no-config-hints"] },
];
