// `ingot bmc` by itself: the composition root of this room.
import { randomBytes } from "node:crypto";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { bmcCommand } from "./cli/command.ts";
import { exitCodeOf } from "./cli/exit-codes.ts";
import { probeCommand } from "./cli/probe-command.ts";
import { promptSecret } from "./cli/prompt.ts";
import { simulateCommand } from "./cli/simulate-command.ts";
import { joinConsole } from "./cli/terminal.ts";
import { openLanPort } from "./ipmi/lan-port.ts";
import { addressOf, openIpmi } from "./ipmi/open.ts";
import { probeIpmi } from "./ipmi/probe.ts";
import { rmcpPort } from "./ipmi/rmcp.ts";
import { openBmc, preference } from "./open.ts";
import { RedfishError } from "./redfish/error.ts";
import { openRedfish } from "./redfish/open.ts";
import { probeRedfish } from "./redfish/probe.ts";
import { systemClock } from "./system-clock.ts";

// Whoever reads what we print may stop reading; anything else that goes wrong there is a failure.
process.stdout.on("error", ({ code }: NodeJS.ErrnoException) => process.exit(code === "EPIPE" ? 0 : 1));
const onWarning = (warning: string) => console.error(`warning: ${warning}`);

/** `host`, `host:port`, `[v6]` or `[v6]:port`. A port is that of whichever protocol is spoken. */
function split(address: string) {
  const [, bracketed, plain, port] = /^(?:\[(.+)\]|([^:]+|.*:.*:.*?))(?::(\d+))?$/.exec(address) ?? [];
  return { host: bracketed ?? plain ?? address, port: port === undefined ? undefined : Number(port) };
}

// The first Ctrl-C logs out and ends; the second ends.
const interrupted = new AbortController();
for (const signal of ["SIGINT", "SIGTERM"] as const)
  process.once(signal, () => interrupted.abort(new Error(`Cannot finish: ended by ${signal}`)));
const { signal } = interrupted;

await using lanPort = await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() });
const command = bmcCommand({
  clock: systemClock,
  environment: process.env,
  signal,
  randomBytes,
  print: (text) => console.log(text),
  readFile: async (path) => {
    try {
      return await readFile(path, "utf8");
    } catch (cause) {
      throw new Error(`Cannot read ${path}: ${(cause as NodeJS.ErrnoException).code}`, { cause });
    }
  },
  files: {
    write: (path, text) => writeFile(path, text, { mode: 0o600 }),
    rename,
    remove: rm,
  },
  promptPassword: (question) => promptSecret(question, { input: process.stdin, output: process.stderr }),
  async joinConsole(bmc, options) {
    console.error("The serial console; Enter ~ . leaves it.");
    await joinConsole(bmc, { input: process.stdin, output: process.stdout }, options);
  },
  open: ({ address, user, password, protocol, trust, systemUuid }) => {
    const { host, port } = split(address);
    const common = { host, clock: systemClock, user, password, signal, onWarning };
    return openBmc({
      protocols: protocol === "auto" ? preference : [protocol],
      drivers: {
        redfish: () => openRedfish({ ...common, port, trust, systemUuid }),
        ipmi: () => openIpmi({ ...common, udpPort: port, port: lanPort, randomBytes }),
      },
      signal,
      onFailOver: (from, why) => onWarning(`no ${from}: ${why}`),
    });
  },
});

command.addCommand(
  probeCommand({
    print: (text) => console.log(text),
    warn: onWarning,
    async probe(address) {
      const { host, port } = split(address);
      const common = { clock: systemClock, signal };
      const [ipmi, redfish] = await Promise.all([
        addressOf(host).then((address) =>
          probeIpmi({
            ...common,
            port: lanPort,
            peer: { address, port: port ?? rmcpPort },
            patience: { firstMs: 1_000, tries: 2 },
          }),
        ),
        probeRedfish({ ...common, host, port }),
      ]);
      return { ipmi, redfish };
    },
  }),
);
command.addCommand(
  simulateCommand(async (wish) => {
    // A client needs none of it.
    const { openSimulation } = await import("./simulator/simulate.ts");
    const place = { clock: systemClock, randomBytes, print: (line: string) => console.log(line) };
    await using simulation = await openSimulation(wish, place);
    for (const [index, { ipmiPort, redfishPort }] of simulation.bmcs.entries())
      console.log(`BMC ${index}: IPMI ${wish.address}:${ipmiPort}, Redfish ${wish.address}:${redfishPort}`);
    console.log(`User admin, password secret. Certificate: --fingerprint ${simulation.sha256}`);
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  }),
);

for (const each of [command, ...command.commands]) each.exitOverride();
try {
  await command.parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  if (!(error instanceof Error && error.name === "CommanderError"))
    console.error(error instanceof Error ? error.message : String(error));
  if (error instanceof RedfishError && error.kind === "untrusted")
    console.error(
      "Say --ca-file or --fingerprint if you know its certificate, or --insecure if you trust the network.",
    );
}
