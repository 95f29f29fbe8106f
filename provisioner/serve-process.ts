// What `ingot serve` runs until it is told to stop: the state, the provisioner on it, and this host's pxe-server.
import { mkdir, writeFile } from "node:fs/promises";
import { hostname, networkInterfaces } from "node:os";
import { dirname, join, resolve } from "node:path";
import { systemClock } from "../cosi/system-clock.ts";
import project from "../package.json" with { type: "json" };
import { firstToken } from "./api/tokens.ts";
import { identityFiles } from "./cli/segment-commands.ts";
import type { ServeWish } from "./cli/serve-command.ts";
import { embeddedConfig, openEmbeddedPxeServer } from "./embedded-pxe-server.ts";
import { type Nearby, networksOf, type Place, planListening } from "./listening.ts";
import { authorityFile, openState } from "./open-state.ts";
import { printable } from "./printable.ts";
import { openProvisioner, type Provisioner } from "./serve.ts";
import { AssetShelf } from "./services/asset-shelf.ts";

export interface ProcessOptions {
  /** Instead of a key file. */
  readonly masterKeys: string | undefined;
  /** Each step of each boot. */
  readonly print: (text: string) => void;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
}

/** What quotes a stranger may be as long as the stranger likes. */
const longestLine = 2_000;

export async function serveProcess(
  wish: ServeWish,
  { masterKeys, signal, ...says }: ProcessOptions,
): Promise<void> {
  const line = (text: string) => printable(text).slice(0, longestLine);
  const print = (text: string) => says.print(line(text));
  const log = (text: string) => says.log(line(text));
  const folder = resolve(wish.stateDir);
  const nearby = ownNetworks();
  const pxe = await embeddedConfig(wish.segments, networksOf(wish.interfaces, nearby), wish.dhcp);
  const addresses = pxe?.segments.map(({ address }) => address) ?? [];
  const listening = planListening({ ...wish, addresses }, nearby);
  const [name] = listening.names;
  await using opened = new AsyncDisposableStack();
  const { store, leadership } = await openState({
    folder,
    etcd: wish.etcd,
    masterKeys,
    candidate: `${name} (${hostname()}, process ${process.pid})`,
  });
  opened.use(store);
  const provisioner = opened.use(
    await openProvisioner({
      store,
      leadership,
      clock: systemClock,
      random: Math.random,
      shelf: await AssetShelf.open(wish),
      listening,
      logFolder: join(folder, "logs"),
      installs: { port: wish.installsPort, tls: wish.tls },
      mostWipesAtOnce: wish.wipesAtOnce,
      api: { listen: wish.api, names: namesOf(wish.api), version: project.version, tls: wish.tls },
      log,
    }),
  );
  const { authority, apiPort, port } = provisioner;
  await writeFile(authorityFile(folder), authority.certificate.pem);
  for (const [index, place] of listening.places.entries()) {
    log(`machines and pxe-servers: ${at({ ...place, port: place.port || (index === 0 ? port : 0) })}`);
  }
  for (const { host } of listening.places) {
    log(`systems that are being installed: ${at({ host, port: provisioner.installsPort! })}`);
  }
  for (const segment of wish.enrol) await enrol(join(folder, "segments", segment), segment, provisioner);
  if (pxe) {
    const [{ host } = { host: name! }] = listening.places;
    opened.use(
      await openEmbeddedPxeServer({
        config: pxe,
        configFolder: wish.segments === undefined ? folder : dirname(resolve(wish.segments)),
        loaders: wish.loaders,
        folder,
        capture: wish.capture,
        address: at({ host: isWildcard(host) ? "127.0.0.1" : host, port }),
        authority,
        identity: await provisioner.segmentIdentity("local"),
        print,
        log,
        signal,
      }),
    );
  }
  log(`people and programs: https://${at({ host: wish.api.host, port: apiPort! })}`);
  log(`authority: sha256:${authority.certificate.fingerprint}, also in ${authorityFile(folder)}`);
  const token = await firstToken({ state: provisioner.state, clock: systemClock });
  if (token !== undefined) log(`the first token, for an admin, told once: ${token}`);
  log("ready");
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  log("stopping");
}

/** For a pxe-server that shares the folder. */
async function enrol(folder: string, segment: string, provisioner: Provisioner) {
  const { certificate, key } = await provisioner.segmentIdentity(segment);
  const made = {
    authority: provisioner.authority.certificate.pem,
    certificate: certificate.pem,
    key: key.pkcs8Pem,
  };
  await mkdir(folder, { recursive: true, mode: 0o700 });
  for (const [part, file] of Object.entries(identityFiles)) {
    await writeFile(join(folder, file), made[part as keyof typeof made], { mode: 0o600 });
  }
}

const ownNetworks = (): Nearby[] =>
  Object.entries(networkInterfaces()).flatMap(([device, found = []]) =>
    found.flatMap(({ family, address, cidr }) =>
      family === "IPv4" && cidr !== null ? [{ interface: device, address, cidr }] : [],
    ),
  );

const isWildcard = (host: string) => host === "0.0.0.0" || host === "::";
/** What its certificate bears besides what machines dial. */
const namesOf = ({ host }: Place) => [...(isWildcard(host) ? [] : [host]), hostname()];
const at = ({ host, port }: Place) => `${host.includes(":") ? `[${host}]` : host}:${port}`;
