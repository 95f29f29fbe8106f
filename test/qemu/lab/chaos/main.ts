// `ingot lab chaos --seed N --minutes M`: a rack is put to work, released and wiped while things go wrong, as the seed says.
// Nothing may be wiped or installed anew that nobody gave up, nothing may be left behind by a wipe, no machine may be lost,
// and when the faults are over each machine must run. Runs inside namespaces (workshop/lab.ts).
import { execFileSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { operatingSystem, project } from "../../framework/image.ts";
import { openRunDirectory } from "../../framework/run-directory.ts";
import { parseRack } from "../../rack/rack.ts";
import { Story } from "../story.ts";
import { liveThroughChaos } from "./chaos.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: "1" },
    minutes: { type: "string", default: "3" },
    rack: { type: "string", default: join(import.meta.dirname, "../../rack/chaos.yaml") },
  },
});
const seed = Number(values.seed);
const minutes = Number(values.minutes);
if (!Number.isInteger(seed) || !(minutes > 0))
  throw new Error("Cannot begin: --seed is a whole number, --minutes a time");
const description = parseRack(await readFile(values.rack, "utf8"), values.rack);
await operatingSystem();
const directory = openRunDirectory(project, `chaos ${seed}`);
const stateDir = directory.file("state");
mkdirSync(stateDir, { mode: 0o700 });
// A disk of its own, that can be full.
execFileSync("mount", ["-t", "tmpfs", "-o", "size=96m,mode=700", "tmpfs", stateDir]);
const stop = new AbortController();
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, () => stop.abort());

const story = new Story(directory, (line, who) => {
  if (who !== "ingot") console.log(line);
});
const { violations, ended, faults, deeds, interrupted } = await liveThroughChaos({
  ...{ seed, minutes, description, directory, stateDir, story, signal: stop.signal },
});
for (const violation of violations) console.log(`VIOLATION: ${violation}`);
const machines = Object.entries(ended).map(
  ([name, { stage, runs }]) => `${name} ${stage}, after it came to run ${runs} times`,
);
const asked = Object.entries(deeds).map(([action, count]) => `${count} × ${action}`);
console.log(
  `chaos seed ${seed}, ${minutes} min: ${faults} faults, ${asked.join(", ")}; ${machines.join("; ")}; ${violations.length} violations${interrupted ? ", and it was ended before its end" : ""}`,
);
if (violations.length > 0) console.log(`again: npm run lab -- chaos --seed ${seed} --minutes ${minutes}`);
process.exitCode = violations.length === 0 && !interrupted ? 0 : 1;
