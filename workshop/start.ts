// `npm start`: the lab, live on the terminal. Nothing of it is on the host's network, and Ctrl-C takes all of it away.
import { join } from "node:path";
import { machineLab } from "./suites.ts";

process.exitCode = await machineLab(
  join(import.meta.dirname, "../test/qemu/lab/main.ts"),
  process.argv.slice(2),
);
