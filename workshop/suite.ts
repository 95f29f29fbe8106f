// One run of vitest as a process of its own: `suite.ts CONFIG RESULT-FILE [--coverage] [-t NAME] [FILTER …]`.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { startVitest } from "vitest/node";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    // The suites' own configuration reads it.
    all: { type: "boolean" },
    coverage: { type: "boolean", default: false },
    test: { type: "string", short: "t" },
  },
});
const [config, resultFile, ...filters] = positionals;
if (config === undefined || resultFile === undefined)
  throw new Error("usage: suite.ts CONFIG RESULT-FILE [FILTER …]");

const vitest = await startVitest("test", filters, {
  ...{ config, run: true, watch: false, coverage: { enabled: values.coverage } },
  ...(values.test !== undefined && { testNamePattern: values.test }),
});
const files = vitest.state.getFiles();
const tests = files.flatMap((file) => [...allTests(file)]);
const inState = (state: string) => tests.filter((test) => test.result?.state === state).length;
// A file that could not be loaded, and an error outside every test, are failures too.
const brokenFiles = files.filter((file) => file.result?.state === "fail" && file.tasks.length === 0).length;
const failed = inState("fail") + brokenFiles + vitest.state.getUnhandledErrors().length;
const passed = inState("pass");
await vitest.close();
writeFileSync(
  resultFile,
  JSON.stringify({ passed, failed, skipped: tests.length - passed - inState("fail") }),
);
process.exitCode = failed === 0 ? 0 : 1;

type Task = { type: string; tasks?: Task[]; result?: { state: string } };

function* allTests(task: unknown): Generator<Task> {
  const node = task as Task;
  if (node.type === "test") yield node;
  for (const child of node.tasks ?? []) yield* allTests(child);
}
