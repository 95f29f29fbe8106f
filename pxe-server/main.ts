// `pxe`: network boot by static rules, or as the provisioner says.
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import project from "../package.json" with { type: "json" };
import type { Booter } from "./booter.ts";
import { type PxeConfig, parseConfig } from "./config.ts";
import type { LoaderKind } from "./firmware.ts";
import { openConfigured } from "./open.ts";
import { printable } from "./printable.ts";
import { openRemoteBooter } from "./remote-booter.ts";
import { openStaticBooter } from "./static-booter.ts";
import { stepLine, stepSentence } from "./steps.ts";
import { systemClock } from "./system-clock.ts";
import { readTrace } from "./trace.ts";

const usage = `Usage: pxe trace --config boot.yaml
       pxe --config boot.yaml [--trace] [--capture FILE] [--loaders FOLDER] [--manifest FILE]
           [--provisioner HOST:PORT --ca FILE --cert FILE --key FILE [--cache FOLDER]]
  trace          follow the boots of a running pxe-server, at the socket that its config names
  --config       the segments to serve, and the rules: which machine boots what
  --trace        print each boot as a person would read it, instead of one JSON object a line
  --capture      write the packets of DHCP and TFTP to this file, for bug reports (pcap)
  --loaders      the folder with the iPXE binaries
  --manifest     their digests
  --provisioner  ask it what machines boot, instead of rules
  --ca           who signed the provisioner's certificate (PEM)
  --cert, --key  our own, which names this segment
  --cache        where boot files and the last plans are kept for when the provisioner is away`;

const manifest = join(import.meta.dirname, "../assets/ipxe/manifest.json");
const options = {
  config: { type: "string" },
  trace: { type: "boolean", default: false },
  capture: { type: "string" },
  loaders: { type: "string" },
  manifest: { type: "string", default: manifest },
  provisioner: { type: "string" },
  ca: { type: "string" },
  cert: { type: "string" },
  key: { type: "string" },
  cache: { type: "string", default: "/var/lib/ingot/pxe" },
  help: { type: "boolean", default: false },
} as const;
type Values = ReturnType<typeof parseArgs<{ options: typeof options }>>["values"];

const warn = (...lines: readonly string[]) =>
  console.error(`pxe: ${lines.map(printable).join("\n  because: ")}`);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({ options, allowPositionals: true });
  const [command = "serve", ...more] = positionals;
  const isCommand = (command === "serve" || command === "trace") && more.length === 0;
  if (values.help || values.config === undefined || !isCommand) {
    console.log(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

  await using opened = new AsyncDisposableStack();
  const folder = dirname(resolve(values.config));
  const config = parseConfig(await readFile(values.config, "utf8"), values.config);
  if (command === "trace") return follow(config);
  if (config.rules.length === 0 && values.provisioner === undefined) {
    warn(`every machine is ignored: ${values.config} has no rules, and there is no --provisioner`);
  }
  const remote = await remoteBooter(values, config);
  if (remote) opened.use(remote);
  const booter = remote ?? (await staticBooter(folder, config, stop.signal));
  const kinds = new Set<LoaderKind>(["snponly"]);
  // A provisioner may name the other loader for a machine at any time.
  if (remote) kinds.add("ipxe");
  for (const { loader } of config.rules) if (loader) kinds.add(loader);
  opened.use(
    await openConfigured({
      config,
      folder,
      booter,
      loaders: { manifest: values.manifest, folder: values.loaders, kinds: [...kinds] },
      capture: values.capture,
      onReport: (report) => console.log(values.trace ? stepSentence(report) : stepLine(report)),
      onWarning: (text) => warn(text),
      signal: stop.signal,
    }),
  );
  warn(`ready on ${config.segments.map(({ interface: device }) => device).join(", ")}`);
  await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
}

async function follow({ trace }: PxeConfig): Promise<void> {
  if (trace === undefined) throw new Error("Cannot follow boots: the config names no socket (trace)");
  for await (const line of readTrace(trace)) console.log(line);
}

const staticBooter = (folder: string, { rules }: PxeConfig, signal: AbortSignal): Promise<Booter> =>
  openStaticBooter({ rules, folder, onReport: () => {}, signal });

async function remoteBooter({ provisioner, ca, cert, key, cache }: Values, config: PxeConfig) {
  if (provisioner === undefined) return undefined;
  if (!ca || !cert || !key)
    throw new Error("Cannot ask a provisioner: --ca, --cert and --key are needed too");
  if (config.rules.length > 0) {
    throw new Error("Cannot follow rules and a provisioner: leave the rules out, or --provisioner");
  }
  return openRemoteBooter({
    address: provisioner.replace(/^https:\/\//, "").replace(/\/$/, ""),
    tls: {
      authorities: await readFile(ca, "utf8"),
      identity: { certificate: await readFile(cert, "utf8"), key: await readFile(key, "utf8") },
    },
    folder: cache,
    maxDiskBytes: config.cache.diskMegabytes * 1e6,
    maxMemoryBytes: config.cache.memoryMegabytes * 1e6,
    version: project.version,
    interfaces: config.segments,
    clock: systemClock,
    onWarning: warn,
  });
}

await main().catch((error: unknown) => {
  warn(...reasons(error));
  process.exitCode = 1;
});

function reasons(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  return [error.message, ...(error.cause === undefined ? [] : reasons(error.cause))];
}
