// `ingot`: the composition root. It alone knows the provisioner and the pxe-server at once.
import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { Command, Option } from "commander";
import { parse } from "yaml";
import { z } from "zod";
import { makeKey, readKeyFile } from "../cosi/key-ring.ts";
import { SealedStore } from "../cosi/sealed-store.ts";
import type { Store } from "../cosi/store.ts";
import { etcdLeadership } from "../cosi/stores/etcd/election.ts";
import { EtcdStore, openEtcdStore } from "../cosi/stores/etcd/etcd-store.ts";
import { SqliteStore } from "../cosi/stores/sqlite/sqlite-store.ts";
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
import { allResources } from "./resources/all.ts";
import { openProvisioner, type Provisioner } from "./serve.ts";
import { AssetShelf } from "./services/asset-shelf.ts";

const manifest = join(import.meta.dirname, "../assets/ipxe/manifest.json");
const log = (text: string) => console.error(`ingot: ${text}`);

interface ServeOptions {
  readonly stateDir: string;
  readonly state?: string;
  readonly image?: string;
  readonly argument: readonly string[];
  readonly listen: string;
  readonly api: string;
  readonly tlsCertificate?: string;
  readonly tlsKey?: string;
  readonly announce?: string;
  readonly segments?: string;
  readonly loaders?: string;
}

const program = new Command("ingot").description(project.description).version(project.version);
program
  .command("serve")
  .description("the provisioner; with --segments also the pxe-server of this host's networks")
  .option("--state-dir <folder>", "everything that is kept", "/var/lib/ingot")
  .option("--state <etcd>", "etcd's endpoints instead of a file, for several provisioners at once")
  .option("--image <folder>", "the image that machines boot, as `image build` leaves it")
  .addOption(
    new Option("--argument <name=value>", "one more kernel argument for agents")
      .default([])
      .argParser((text, before: unknown) => [...(before as string[]), text]),
  )
  .option("--listen <host:port>", "for machines and pxe-servers", "0.0.0.0:8444")
  .option("--api <host:port>", "for people and programs: HTTPS", "0.0.0.0:8443")
  .option("--tls-certificate <file>", "the API's certificate (PEM), instead of one of our own authority")
  .option("--tls-key <file>", "its key (PEM)")
  .option("--announce <host>", "what machines dial; needed where --listen names no address")
  .option("--segments <file>", "boot.yaml without rules: the networks that this process serves itself")
  .option("--loaders <folder>", "the folder with the iPXE binaries")
  .action(serve);

async function serve(options: ServeOptions): Promise<void> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => stop.abort());
  const folder = resolve(options.stateDir);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const segments = options.segments === undefined ? undefined : await readSegments(options.segments);
  const listen = hostAndPort(options.listen);
  const announce = options.announce ?? segments?.segments[0]?.address ?? listen.host;
  if (announce === "0.0.0.0" || announce === "::") {
    throw new Error("Cannot tell machines whom to dial: give --announce, the name or address of this host");
  }

  await using opened = new AsyncDisposableStack();
  const keys = await readKeyFile(await keyFile(folder));
  const plain: Store = opened.use(
    options.state === undefined
      ? new SqliteStore({ path: join(folder, "state.sqlite"), clock: systemClock })
      : await openEtcdStore({
          endpoints: endpointsOf(options.state),
          clock: systemClock,
        }),
  );
  const provisioner = opened.use(
    await openProvisioner({
      store: new SealedStore({ store: plain, keys, types: allResources }),
      clock: systemClock,
      random: Math.random,
      shelf:
        options.image === undefined
          ? AssetShelf.empty()
          : await AssetShelf.open(options.image, options.argument.map(kernelArgument)),
      listen,
      announce,
      logFolder: join(folder, "logs"),
      api: { listen: hostAndPort(options.api), version: project.version, tls: await ownTls(options) },
      leadership: plain instanceof EtcdStore ? etcdLeadership(plain, { candidate: announce }) : undefined,
      log,
    }),
  );
  log(`machines and pxe-servers dial ${announce}:${provisioner.port}`);
  log(`they trust the authority sha256:${provisioner.authority.certificate.fingerprint}`);
  if (segments) await serveSegments(segments, options, { provisioner, folder, opened, signal: stop.signal });
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
  { loaders: loaderFolder }: ServeOptions,
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

/** The master keys of the state: made at the first start, readable by nobody else. */
async function keyFile(folder: string): Promise<string> {
  const path = join(folder, "master.keys");
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, `${makeKey()}\n`, { mode: 0o600, flag: "wx" }).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  });
  return path;
}

function hostAndPort(text: string): { host: string; port: number } {
  const [, v6, plain, port] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? [];
  if (port === undefined) throw new Error(`Cannot listen on ${text}: it is not host:port`);
  return { host: (v6 ?? plain)!, port: Number(port) };
}

/** `etcd://a:2379,b:2379`, or each with a scheme of its own. */
const endpointsOf = (text: string): string[] =>
  text
    .replace(/^etcd:\/\//, "")
    .split(",")
    .map((one) => (/^https?:\/\//.test(one) ? one : `http://${one}`));

async function ownTls({ tlsCertificate, tlsKey }: ServeOptions) {
  if (tlsCertificate === undefined && tlsKey === undefined) return undefined;
  if (tlsCertificate === undefined || tlsKey === undefined) {
    throw new Error("Cannot use one of --tls-certificate and --tls-key without the other");
  }
  return { certificate: await readFile(tlsCertificate, "utf8"), key: await readFile(tlsKey, "utf8") };
}

function kernelArgument(text: string): { name: string; value?: string } {
  const [name = "", ...value] = text.split("=");
  return value.length === 0 ? { name } : { name, value: value.join("=") };
}

try {
  await program.parseAsync();
} catch (error) {
  for (const reason of reasons(error)) log(reason);
  process.exitCode = 1;
}

function reasons(error: unknown): string[] {
  if (!(error instanceof Error)) return [String(error)];
  return [error.message, ...(error.cause === undefined ? [] : reasons(error.cause))];
}
