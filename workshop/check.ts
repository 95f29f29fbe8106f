// `npm run check`: the static half of `npm test`.
import { runAll } from "./run-tool.ts";
import { staticChecks } from "./static-checks.ts";

const { failed } = await runAll(staticChecks);
process.exitCode = failed === 0 ? 0 : 1;
