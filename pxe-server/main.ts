// `pxe --config boot.yaml`: network boot by static rules, without a provisioner.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { z } from "zod";
import { type PxeConfig, pxeConfig } from "./config.ts";
import { type LoaderKind, loaderFiles } from "./firmware.ts";
import { readLoaders } from "./loaders.ts";
import { macOfNeighbour } from "./neighbours.ts";
import { openPxeServer } from "./serve.ts";
import { openStaticBooter } from "./static-booter.ts";
import { stepLine, stepSentence } from "./steps.ts";
import { systemClock } from "./system-clock.ts";

const usage = `Usage: pxe --config boot.yaml [--trace] [--loaders FOLDER] [--manifest FILE]
  --config    the segments to serve, and the rules: which machine boots what
  --trace     print each boot as a person would read it, instead of one JSON object a line
  --loaders   the folder with the iPXE binaries
  --manifest  their digests`;

async function main(): Promise<void> {
  const assets = join(import.meta.dirname, "../assets/ipxe/manifest.json");
  const { values } = parseArgs({
    options: {
      config: { type: "string" },
      trace: { type: "boolean", default: false },
      loaders: { type: "string" },
      manifest: { type: "string", default: assets },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help || values.config === undefined) {
    console.log(usage);
    process.exitCode = values.help ? 0 : 2;
    return;
  }
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());

  const config = await readConfig(values.config);
  const kinds: LoaderKind[] = ["snponly", ...config.rules.flatMap(({ loader }) => loader ?? [])];
  const loaders = await readLoaders({
    manifest: values.manifest,
    folder: values.loaders,
    files: loaderFiles([...new Set(kinds)]),
  });
  const booter = await openStaticBooter({
    rules: config.rules,
    folder: dirname(resolve(values.config)),
    onReport: () => {},
    signal: stop.signal,
  });
  const server = await openPxeServer({
    config,
    booter,
    loaders,
    clock: systemClock,
    newId: () => randomBytes(4).toString("hex"),
    neighbour: macOfNeighbour,
    onReport: (report) => console.log(values.trace ? stepSentence(report) : stepLine(report)),
    onWarning: (text) => console.error(`pxe: ${text}`),
    signal: stop.signal,
  });
  console.error(`pxe: ready on ${config.segments.map(({ interface: device }) => device).join(", ")}`);
  await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
  await server[Symbol.asyncDispose]();
}

async function readConfig(path: string): Promise<PxeConfig> {
  const parsed = pxeConfig.safeParse(parse(await readFile(path, "utf8")));
  if (parsed.success) return parsed.data;
  throw new Error(`Cannot use ${path}:\n${z.prettifyError(parsed.error)}`);
}

await main().catch((error: unknown) => {
  console.error(`pxe: ${reasons(error).join("\n  because: ")}`);
  process.exitCode = 1;
});

function reasons(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  return [error.message, ...(error.cause === undefined ? [] : reasons(error.cause))];
}
