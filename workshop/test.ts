// `npm test`: what CI runs. The static checks count as one test each, so that the last line tells the whole truth.
import { startVitest } from "vitest/node";
import { runAll } from "./run-tool.ts";
import { staticChecks } from "./static-checks.ts";

const options = process.argv.slice(2);
const only = options.filter((option) => !option.startsWith("--"));

const checks = only.length > 0 ? { passed: 0, failed: 0 } : await runAll(staticChecks);

const vitest = await startVitest("test", only, {
  run: true,
  watch: false,
  coverage: { enabled: options.includes("--coverage") },
});
const tests = vitest.state.getFiles().flatMap((file) => [...allTests(file)]);
const count = (state: string) => tests.filter((test) => test.result?.state === state).length;
const brokenFiles = vitest.state
  .getFiles()
  .filter((file) => file.result?.state === "fail" && file.tasks.length === 0);
const unhandled = vitest.state.getUnhandledErrors().length;
await vitest.close();

const passed = checks.passed + count("pass");
const failed = checks.failed + count("fail") + brokenFiles.length + unhandled;
const skipped = tests.length - count("pass") - count("fail");
console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = failed === 0 && passed > 0 ? 0 : 1;

type Task = { type: string; tasks?: Task[]; result?: { state: string } };

function* allTests(task: unknown): Generator<Task> {
  const node = task as Task;
  if (node.type === "test") yield node;
  for (const child of node.tasks ?? []) yield* allTests(child);
}
