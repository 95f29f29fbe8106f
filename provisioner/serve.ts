// A provisioner at work: its services on one port, its controllers on one state.

import { randomBytes, randomUUID } from "node:crypto";
import { isIP } from "node:net";
import { type OpenServer, openServer } from "../api/grpc/server.ts";
import { ServerTlsCredentials } from "../api/grpc/server-tls.ts";
import { openLanPort } from "../bmc/ipmi/lan-port.ts";
import type { Clock } from "../cosi/clock.ts";
import type { Leadership } from "../cosi/engine/leadership.ts";
import { metricsPage } from "../cosi/engine/metrics-page.ts";
import type { Runtime } from "../cosi/engine/runtime.ts";
import { State } from "../cosi/state.ts";
import type { Store } from "../cosi/store.ts";
import type { Authority, Identity } from "../pki/authority.ts";
import { day } from "../pki/lifetimes.ts";
import { bmcHardware } from "./api/bmc-hardware.ts";
import { serveApi } from "./api/serve-api.ts";
import { BmcQueues } from "./controllers/bmc-queues.ts";
import { openControllers } from "./controllers/open-controllers.ts";
import { decisionLog } from "./decision-log.ts";
import type { Listening } from "./listening.ts";
import { findSecrets, makeSecrets } from "./profiles/cluster-secrets.ts";
import { ensureProfile } from "./profiles/default-profile.ts";
import { AgentLogs } from "./services/agent-logs.ts";
import { agentService } from "./services/agent-service.ts";
import { askNode } from "./services/ask-node.ts";
import type { AssetShelf } from "./services/asset-shelf.ts";
import { bootService } from "./services/boot-service.ts";
import { clearLogs } from "./services/clear-logs.ts";
import { commandNode } from "./services/command-node.ts";
import { seeOff } from "./services/departures.ts";
import { DurationHistogram } from "./services/duration-histogram.ts";
import { EventRecorder } from "./services/event-recorder.ts";
import { keepHouse } from "./services/housekeeping.ts";
import { imageAddress } from "./services/install-addresses.ts";
import { InstallDesk } from "./services/install-desk.ts";
import { keepGoing } from "./services/keep-going.ts";
import { MachineRegistry } from "./services/machine-registry.ts";
import { NodeClients } from "./services/node-clients.ts";
import { openMachineBmc } from "./services/open-machine-bmc.ts";
import { openMachineConsole } from "./services/open-machine-console.ts";
import { segmentIdentity } from "./services/peers.ts";
import { type OpenInstalls, serveInstalls } from "./services/serve-installs.ts";
import { noticeSilence } from "./services/silent-agents.ts";
import { stepAside } from "./services/step-aside.ts";
import { Strangers } from "./services/strangers.ts";
import { tellImages } from "./services/tell-images.ts";
import { watchLoop } from "./services/watch-loop.ts";
import { openTrust } from "./trust/open-trust.ts";

export interface ProvisionerOptions {
  /** What is secret in it is sealed by whoever opened it. */
  readonly store: Store;
  readonly clock: Clock;
  readonly random: () => number;
  readonly shelf: AssetShelf;
  /** Where machines and pxe-servers dial, and by which names. */
  readonly listening: Pick<Listening, "places" | "names" | "hostFor">;
  readonly logFolder: string;
  /** For systems that are being installed; none are without it. */
  readonly installs?: InstallsPlace | undefined;
  /** For people and programs; none without it. */
  readonly api?: ApiPlace | undefined;
  /** Where several provisioners share the store. */
  readonly leadership?: Leadership | undefined;
  /** How many machines may be wiped at once; 50 unless told. */
  readonly mostWipesAtOnce?: number | undefined;
  readonly log: (text: string) => void;
}

/** On the addresses where machines dial. */
interface InstallsPlace {
  readonly port: number;
  /** One that installers trust; plain HTTP without it. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
}

interface ApiPlace {
  readonly listen: { readonly host: string; readonly port: number };
  /** What people call this host. */
  readonly names: readonly string[];
  readonly version: string;
  /** Instead of one of our own authority. */
  readonly tls?: { readonly certificate: string; readonly key: string } | undefined;
}

export interface Provisioner extends AsyncDisposable {
  readonly state: State;
  readonly engine: Runtime;
  /** Of the first place. */
  readonly port: number;
  /** Of what installing systems ask, at the first place. */
  readonly installsPort: number | undefined;
  /** Of the API. */
  readonly apiPort: number | undefined;
  readonly authority: Authority;
  /** For a pxe-server of that segment. */
  segmentIdentity(segment: string): Promise<Identity>;
}

export async function openProvisioner(options: ProvisionerOptions): Promise<Provisioner> {
  const { store, clock, random, shelf, listening, leadership, log } = options;
  const stop = new AbortController();
  await using opened = new AsyncDisposableStack();
  const state = new State({ store, clock });
  const { authority, bootTokenKey } = await openTrust(state, clock);
  await ensureProfile(state);
  await tellImages(state, shelf.images);
  const strangers = new Strangers({ state, clock, log });
  const registry = new MachineRegistry({ state, clock, strangers });

  const events = new EventRecorder(state);
  const logs = new AgentLogs({ folder: options.logFolder });
  const agents = agentService({
    state,
    clock,
    registry,
    authority,
    bootTokenKey,
    keepLogs: (machine, lines) => logs.keep(machine, lines),
    log,
  });
  /** The address by which a machine reaches one of the servers that there is at each place. */
  const near = (from: string, servers: readonly { readonly port: number }[]) => {
    const host = listening.hostFor(from);
    const at = listening.places.findIndex((place) => place.host === host);
    return `${bracketed(host)}:${servers[Math.max(at, 0)]!.port}`;
  };
  const imageFile = (image: string, file: string) => shelf.imageFile(image, file);
  const identity = await serverIdentity(authority, listening.names);
  const installs: OpenInstalls[] = [];
  const installsAt = (from: string) =>
    `${options.installs?.tls ? "https" : "http"}://${near(from, installs)}`;
  const desk = new InstallDesk({ state, clock, registry, bootTokenKey, at: installsAt, log });
  for (const { host } of options.installs ? listening.places : []) {
    const { port, tls } = options.installs!;
    installs.push(
      opened.use(await serveInstalls({ desk, imageFile, listen: { host, port }, tls, own: identity, log })),
    );
  }
  const bootTimes = new DurationHistogram({
    name: "ingot_boot_decision_seconds",
    help: "How long boot decisions took.",
  });
  const loopDelays = new DurationHistogram({
    name: "ingot_event_loop_delay_seconds",
    help: "By how much the process came late to what was due.",
  });
  const boots = bootService({
    state,
    clock,
    registry,
    shelf,
    bootTokenKey,
    authorityFingerprint: authority.certificate.fingerprint,
    agentAddress: (from) => near(from, servers),
    installsAt: options.installs && installsAt,
    installsTrust: options.installs?.tls ? "anybody" : "ours",
    times: bootTimes,
    log,
  });
  const servers: OpenServer[] = [];
  for (const { host, port } of listening.places) {
    const server = await openServer({
      address: `${bracketed(host)}:${port}`,
      credentials: new ServerTlsCredentials({
        identity,
        clientAuthorities: authority.certificate.pem,
        // Who shows none may only exchange a boot token.
        clients: "optional",
      }),
      services: [agents, boots],
      unexpected: (error, path) => log(`${path}: ${String(error)}`),
    });
    servers.push(opened.use(server));
  }

  const lanPort = opened.use(await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() }));
  const bmcs = opened.use(
    new BmcQueues({
      clock,
      // The id of a machine is its UUID, where that is any use.
      open: (config, machine) =>
        openMachineBmc(config, { port: lanPort, systemUuid: machine, onWarning: log }),
      audit: (machine, { command, outcome, durationMs, why, kind }) => {
        // Thousands of polls that went well are no news.
        if (kind === "poll" && outcome === "done") return;
        log(`${machine}: BMC: ${command}: ${outcome} after ${durationMs} ms${why ? `: ${why}` : ""}`);
      },
    }),
  );
  const nodes = opened.use(new NodeClients({ clock, secretsOf: (cluster) => findSecrets(state, cluster) }));
  const engine = openControllers({
    state,
    clock,
    random,
    randomBytes,
    newId: randomUUID,
    powerOf: bmcs.powerOf,
    askNode: askNode(nodes),
    nodes: commandNode(nodes, (address, image) =>
      shelf.images.has(image) ? imageAddress(installsAt(address), image) : image,
    ),
    makeSecrets: (cluster) => makeSecrets({ state, clock }, cluster),
    leadership,
    log: decisionLog(log, clock),
    mostWipesAtOnce: options.mostWipesAtOnce,
  });
  const tasks: Readonly<Record<string, (signal: AbortSignal) => Promise<unknown>>> = {
    "following machines": (signal) => registry.follow(signal),
    "carrying orders": (signal) => agents.run(signal),
    "running controllers": (signal) => engine.run(signal),
    "recording events": (signal) => events.run(signal),
    "seeing off what leaves": (signal) => seeOff(state, signal),
    "noticing silent agents": (signal) => noticeSilence(state, clock, signal),
    "forgetting strangers": (signal) => strangers.run(signal),
    "keeping house": (signal) => keepHouse(state, clock, signal),
    "watching the event loop": (signal) => watchLoop(loopDelays, clock, signal),
    "clearing logs": (signal) => clearLogs({ state, clock, logs, signal }),
    "looking for files": (signal) => shelf.follow({ clock, log, signal }),
    "telling of images": async (signal) => {
      for await (const _ of shelf.watch(signal)) await tellImages(state, shelf.images);
    },
    // Where others could answer instead.
    ...(leadership && {
      "watching the shared state": (signal: AbortSignal) => {
        const drop = () => {
          for (const server of servers) server.drop();
        };
        return stepAside({ store, clock, drop, log }, signal);
      },
    }),
  };
  const { signal } = stop;
  const working = Object.entries(tasks).map(([name, work]) =>
    keepGoing(name, work, { clock, random, log, signal }),
  );
  opened.defer(async () => {
    stop.abort();
    await Promise.all(working);
  });
  await registry.known;
  const api =
    options.api &&
    opened.use(
      await serveApi({
        state,
        store,
        clock,
        listen: options.api.listen,
        tls: options.api.tls ?? (await serverIdentity(authority, [...listening.names, ...options.api.names])),
        version: options.api.version,
        hardware: bmcHardware(bmcs),
        openConsole: openMachineConsole((config, machine) =>
          openMachineBmc(config, { port: lanPort, systemUuid: machine, onWarning: log }),
        ),
        segments: {
          authority: authority.certificate.pem,
          segmentIdentity: (segment) => segmentIdentity(authority, segment),
        },
        logs: (machine, lines) => logs.tail(machine, lines),
        metrics: () =>
          [
            metricsPage(engine.metrics()),
            bootTimes.page(),
            loopDelays.page(),
            strangers.metrics(),
            nodes.metrics(),
          ].join(""),
        log,
      }),
    );
  const held = opened.move();
  return {
    state,
    engine,
    port: servers[0]!.port,
    installsPort: installs[0]?.port,
    apiPort: api?.port,
    authority,
    segmentIdentity: (segment) => segmentIdentity(authority, segment),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

async function serverIdentity(authority: Authority, names: readonly string[]) {
  // The pxe-server of the same process, and whoever sits at this host, dial loopback.
  const all = [...new Set(["localhost", "127.0.0.1", ...names])];
  const { certificate, key } = await authority.issue({
    commonName: names[0]!,
    dnsNames: all.filter((name) => isIP(name) === 0),
    ipAddresses: all.filter((name) => isIP(name) !== 0),
    purposes: ["serverAuth"],
    lifetimeMs: 825 * day,
  });
  // Agents know the authority by its fingerprint alone: its certificate goes along.
  return { certificate: certificate.pem + authority.certificate.pem, key: key.pkcs8Pem };
}

const bracketed = (host: string) => (host.includes(":") ? `[${host}]` : host);
