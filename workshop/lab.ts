// `npm run lab -- COMMAND`, which is `ingot lab COMMAND`: `up` is `npm start`, the others command the lab that it runs.
import { spawnSync } from "node:child_process";
import { request } from "node:http";
import { join } from "node:path";
import { askLab, controlSocket } from "./lab-door.ts";
import { machineLab } from "./suites.ts";

const usage = `lab up [--rack FILE]        what npm start does
lab status
lab machine add YAML        '{name: extra, firmware: uefi}': whatever a machine of a rack's description can be
lab power MACHINE on|off|softOff|cycle|reset|interrupt
lab console MACHINE         (Ctrl-] leaves it)
lab screenshot MACHINE
lab pcap MACHINE
lab down
lab chaos [--seed N] [--minutes M] [--rack FILE]   another lab, in which things go wrong as the seed says`;

/** The terminal is the machine's until Ctrl-]. */
function attach(path: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const { stdin, stdout } = process;
    const asked = request({ socketPath: controlSocket, path, method: "POST" }, (response) => {
      response.pipe(stdout);
      response.on("end", () => {
        if (stdin.isTTY) stdin.setRawMode(false);
        stdin.pause();
        resolve();
      });
    });
    asked.on("error", reject);
    asked.flushHeaders();
    if (stdin.isTTY) stdin.setRawMode(true);
    stdin.on("data", (bytes: Buffer) => {
      if (bytes.includes(0x1d)) asked.end();
      else asked.write(bytes);
    });
    stdin.on("end", () => asked.end());
  });
}

async function main([command = "", machine = "", action = ""]: readonly string[]): Promise<void> {
  const of = (verb: string) => `/machine/${encodeURIComponent(machine)}/${verb}`;
  switch (command) {
    case "up": {
      const start = [join(import.meta.dirname, "run.mjs"), "start", ...process.argv.slice(3)];
      process.exitCode = spawnSync(process.execPath, start, { stdio: "inherit" }).status ?? 1;
      return;
    }
    case "chaos": {
      const script = join(import.meta.dirname, "../test/qemu/lab/chaos/main.ts");
      process.exitCode = await machineLab(script, process.argv.slice(3));
      return;
    }
    case "status":
      return console.table(await askLab("/status"));
    case "down":
      return console.log(await askLab("/down"));
    case "machine": {
      if (machine !== "add") throw new Error(`there is:\n${usage}`);
      return console.table(await askLab("/add", `machines: [${action}]`));
    }
    case "power":
      return console.log(await askLab(`${of("power")}?action=${encodeURIComponent(action)}`));
    case "screenshot":
    case "pcap":
      return console.log(await askLab(of(command)));
    case "console":
      return attach(of(command));
    case "":
    case "--help":
    case "-h":
      return console.log(usage);
    default:
      throw new Error(`there is:\n${usage}`);
  }
}

process.on("SIGINT", () => ["up", "chaos"].includes(process.argv[2] ?? "") || process.exit(130));
try {
  await main(process.argv.slice(2));
} catch (error) {
  const code = error instanceof Error && "code" in error ? error.code : undefined;
  const why =
    code === "ENOENT" || code === "ECONNREFUSED" ? "no lab runs here: npm start" : (error as Error).message;
  console.error(`ingot: ${why}`);
  process.exitCode = 1;
}
