// `ingot`: the composition root. It alone knows the provisioner and the pxe-server at once.
import { randomBytes } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { backupDatabase, restoreDatabase } from "../cosi/stores/sqlite/backup.ts";
import { systemClock } from "../cosi/system-clock.ts";
import project from "../package.json" with { type: "json" };
import { type PxeConfig, pxeConfig } from "../pxe-server/config.ts";
import { loaderFiles } from "../pxe-server/firmware.ts";
import { readLoaders } from "../pxe-server/loaders.ts";
import { macOfNeighbour } from "../pxe-server/neighbours.ts";
import { openRemoteBooter } from "../pxe-server/remote-booter.ts";
import { openPxeServer } from "../pxe-server/serve.ts";
import { stepSentence } from "../pxe-server/steps.ts";
import { systemClock as pxeClock } from "../pxe-server/system-clock.ts";
import { firstToken } from "./api/tokens.ts";
import { backupCommands } from "./cli/backup-commands.ts";
import { connect } from "./cli/connect.ts";
import { ingotCommand } from "./cli/program.ts";
import { runCommand } from "./cli/run-command.ts";
import { type ServeWish, serveCommand } from "./cli/serve-command.ts";
import { openState, stateFile } from "./open-state.ts";
import { openProvisioner, type Provisioner } from "./serve.ts";
import { AssetShelf } from "./services/asset-shelf.ts";

const manifest = join(import.meta.dirname, "../assets/ipxe/manifest.json");
const log = (text: string) => console.error(`ingot: ${text}`);
const stop = new AbortController();

async function serve(wish: ServeWish): Promise<void> {
  const folder = resolve(wish.stateDir);
  const segments = wish.segments === undefined ? undefined : await readSegments(wish.segments);
  const announce = wish.announce ?? segments?.segments[0]?.address ?? wish.listen.host;
  if (announce === "0.0.0.0" || announce === "::") {
    throw new Error("Cannot tell machines whom to dial: give --announce, the name or address of this host");
  }
  await using opened = new AsyncDisposableStack();
  const { store, leadership } = await openState({ folder, endpoints: wish.endpoints, candidate: announce });
  opened.use(store);
  const provisioner = opened.use(
    await openProvisioner({
      store,
      leadership,
      clock: systemClock,
      random: Math.random,
      shelf:
        wish.image === undefined ? AssetShelf.empty() : await AssetShelf.open(wish.image, wish.arguments),
      listen: wish.listen,
      announce,
      logFolder: join(folder, "logs"),
      api: { listen: wish.api, version: project.version, tls: wish.tls },
      log,
    }),
  );
  log(`machines and pxe-servers dial ${announce}:${provisioner.port}`);
  log(`they trust the authority sha256:${provisioner.authority.certificate.fingerprint}`);
  if (segments) await serveSegments(segments, wish, { provisioner, folder, opened, signal: stop.signal });
  log(`the API is at https://${announce}:${provisioner.apiPort}`);
  const token = await firstToken({ state: provisioner.state, clock: systemClock });
  if (token !== undefined) log(`the first token, for an admin, told once: ${token}`);
  log("ready");
  await new Promise((resolve) => stop.signal.addEventListener("abort", resolve, { once: true }));
}

interface At {
  readonly provisioner: Provisioner;
  readonly folder: string;
  readonly opened: AsyncDisposableStack;
  readonly signal: AbortSignal;
}

/** The pxe-server in this process asks as one elsewhere would: by the one proto, over loopback. */
async function serveSegments(
  config: PxeConfig,
  { loaders: loaderFolder }: ServeWish,
  { provisioner, folder, opened, signal }: At,
): Promise<void> {
  const { certificate, key } = await provisioner.segmentIdentity("local");
  const booter = opened.use(
    await openRemoteBooter({
      address: `127.0.0.1:${provisioner.port}`,
      tls: {
        authorities: provisioner.authority.certificate.pem,
        identity: { certificate: certificate.pem, key: key.pkcs8Pem },
      },
      folder: join(folder, "pxe"),
      maxDiskBytes: config.cache.diskMegabytes * 1e6,
      maxMemoryBytes: config.cache.memoryMegabytes * 1e6,
      version: project.version,
      interfaces: config.segments,
      clock: pxeClock,
      onWarning: log,
    }),
  );
  const loaders = await readLoaders({
    manifest,
    folder: loaderFolder,
    files: loaderFiles(["snponly", "ipxe"]),
  });
  const server = await openPxeServer({
    config: { ...config, leases: config.leases ?? join(folder, "leases") },
    booter,
    loaders,
    clock: pxeClock,
    newId: () => randomBytes(4).toString("hex"),
    neighbour: macOfNeighbour,
    onReport: (report) => console.log(stepSentence(report)),
    onWarning: log,
    signal,
  });
  opened.use(server);
  log(`pxe-server on ${config.segments.map(({ interface: device }) => device).join(", ")}`);
}

async function readSegments(path: string): Promise<PxeConfig> {
  const parsed = pxeConfig.safeParse(parse(await readFile(path, "utf8")));
  if (!parsed.success) throw new Error(`Cannot use ${path}:\n${z.prettifyError(parsed.error)}`);
  if (parsed.data.rules.length > 0) {
    throw new Error(`Cannot use ${path}: it has rules, and here the provisioner decides what machines boot`);
  }
  return parsed.data;
}

/** Programs of their own, which are also words of this one. */
const programs: Readonly<Record<string, readonly [about: string, run: () => Promise<unknown>]>> = {
  bmc: ["power, boot device and identity of a server, over its BMC", () => import("../bmc/main.ts")],
  pxe: [
    "a pxe-server by itself: static rules, or as a provisioner says",
    () => import("../pxe-server/main.ts"),
  ],
};

const words = process.argv.slice(2);
const program = programs[words[0] ?? ""];
if (program) {
  process.argv.splice(2, 1);
  await program[1]();
} else {
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const root = ingotCommand(
    {
      print: (text) => process.stdout.write(`${text}\n`),
      note: (text) => process.stderr.write(`${text}\n`),
      width: process.stdout.isTTY ? process.stdout.columns : undefined,
      readFile: (path) => readFile(path === "-" ? "/dev/stdin" : path, "utf8"),
      send: (connection) =>
        connect(connection, {
          environment: process.env,
          readFile: (path) => readFile(path, "utf8"),
          signal: stop.signal,
        }),
      now: () => new Date(),
    },
    project,
  );
  root.addCommand(serveCommand(serve));
  const copying = {
    backup: (folder: string, file: string) => backupDatabase(stateFile(folder), file),
    restore: (file: string, folder: string) => restoreDatabase(file, stateFile(folder)),
    note: log,
  };
  for (const command of backupCommands(copying)) root.addCommand(command);
  for (const [name, [about]] of Object.entries(programs)) root.command(name).description(about);
  process.exitCode = await runCommand(root, words, log);
}
