// `npm test`: what CI runs. The static checks count as one test each, so that the last line tells the whole truth.
// With names of files or folders it runs only the tests beside the code that they match.
import { runAll } from "./run-tool.ts";
import { staticChecks } from "./static-checks.ts";
import { type Count, machineSuite, unitSuite } from "./suites.ts";

const options = process.argv.slice(2);
const everything = options.every((option) => option.startsWith("--"));

const counts: Count[] = everything
  ? [{ ...(await runAll(staticChecks)), skipped: 0 }, await unitSuite(options), await machineSuite([])]
  : [await unitSuite(options)];

const sum = (name: keyof Count) => counts.reduce((total, count) => total + count[name], 0);
const skipped = sum("skipped");
console.log(`${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
process.exitCode = sum("failed") === 0 && sum("passed") > 0 ? 0 : 1;
