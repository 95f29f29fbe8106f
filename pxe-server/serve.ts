// The whole pxe-server: four protocols, each on its sockets, around one Booter.

import { assetOf } from "./asset-file.ts";
import type { Asset, Booter, Report } from "./booter.ts";
import { type Boot, Boots } from "./boots.ts";
import { Capture } from "./capture.ts";
import type { Clock } from "./clock.ts";
import type { PxeConfig } from "./config.ts";
import { type ConflictProbe, openArpSocket, openConflictProbe } from "./dhcp/conflict-probe.ts";
import { openDeviceSocket } from "./dhcp/device-socket.ts";
import { type LeaseJournal, openLeaseJournal } from "./dhcp/lease-journal.ts";
import type { LeaseChange } from "./dhcp/leases.ts";
import { type DhcpServer, openDhcpServer } from "./dhcp/server.ts";
import { TacticBook } from "./dhcp/tactics.ts";
import { autoexecFile, raspberryFile } from "./firmware.ts";
import { openHttpServer, urls } from "./http/server.ts";
import { answerSolicitations } from "./ipv6/router-answers.ts";
import { openSolicitationSocket } from "./ipv6/solicitation-socket.ts";
import { entryScript } from "./ipxe-script.ts";
import { StepCounters } from "./steps.ts";
import { plainSocket } from "./tftp/own-port.ts";
import { type Found, openTftpServer, type TftpEvent } from "./tftp/server.ts";

export interface PxeServerOptions {
  readonly config: Omit<PxeConfig, "rules">;
  readonly booter: Booter;
  readonly loaders: ReadonlyMap<string, Asset>;
  readonly raspberryFiles?: ReadonlyMap<string, Asset> | undefined;
  readonly clock: Clock;
  readonly newId: () => string;
  /** The machine behind an address that we did not give out. */
  readonly neighbour: (address: string) => Promise<string | undefined>;
  readonly onReport: (report: Report) => void;
  readonly onWarning: (text: string) => void;
  /** PEM, where the config has `https`. */
  readonly identity?: { readonly cert: string; readonly key: string } | undefined;
  /** A file for the packets of DHCP and TFTP. */
  readonly capture?: string | undefined;
  readonly signal: AbortSignal;
}

/** Twice that on disk: a boot storm's packets, and no full disk when somebody forgets it. */
const captureBytes = 64 << 20;

/** Resolves when every socket is open; dispose it to close them. */
export async function openPxeServer(options: PxeServerOptions): Promise<AsyncDisposable> {
  await using opened = new AsyncDisposableStack();
  const { config, booter, clock, loaders, signal, neighbour, onWarning } = options;
  const counters = new StepCounters();
  const tactics = new TacticBook(clock);
  const onReport = (report: Report) => {
    counters.count(report);
    options.onReport(report);
  };
  const boots = new Boots({ booter, clock, newId: options.newId, onReport, signal });
  const capture = options.capture === undefined ? undefined : openCapture(options.capture, options);
  if (capture) opened.use(capture);
  const addresses = config.segments.map(({ address }) => address);
  const originOf = (address: string) => `http://${address}:${config.http.port}`;

  const bootAt = async (address: string): Promise<Boot | undefined> => {
    const known = boots.at(address);
    if (known) return known;
    const mac = await neighbour(address);
    // Also of a machine that never asked us by DHCP: whatever the route, it passes the gate.
    return mac === undefined ? undefined : boots.resume({ mac });
  };
  const advanced = (boot: Boot | undefined) => {
    const news = boot && tactics.advanced(boot.client.mac);
    if (news) onWarning(`proxy tactic "${news.tactic}" works for ${news.vendor}`);
  };

  const find = async (file: string, client: { address: string }, localAddress: string): Promise<Found> => {
    const name = file.replace(/^\/+/, "");
    const boot = await bootAt(client.address);
    const admission = boot && (await boots.admit(boot, "loader"));
    if (admission && !admission.admitted) return { refuse: "accessViolation", why: admission.why };
    advanced(boot);
    if (name === autoexecFile) {
      return { content: assetOf(entryScript({ bootUrl: urls(originOf(localAddress)).boot })).bytes };
    }
    const loader = loaders.get(name) ?? options.raspberryFiles?.get(raspberryFile(name) ?? "");
    return loader ? { content: loader.bytes } : { refuse: "notFound", why: "no such file" };
  };
  const onTftp = (event: TftpEvent, file: string, client: { address: string }): void => {
    bootAt(client.address)
      .then((boot) => boot && reportTftp(boots, boot, event, file))
      .catch((error: unknown) => onWarning(`TFTP report: ${String(error)}`));
  };

  const tftp = opened.use(
    await openTftpServer({
      addresses,
      clock,
      find,
      onEvent: onTftp,
      port: config.tftp.port,
      limits: config.tftp,
      // A thread of its own would keep its packets to itself.
      workers: capture ? 0 : config.tftp.workers,
      ...(capture && { makeSocket: () => capture.tap(plainSocket(), addresses[0]!) }),
      singlePort: config.tftp.singlePort,
    }),
  );

  const journal = config.leases === undefined ? undefined : await openJournal(config.leases, clock.now());
  if (journal) opened.use(journal.journal);
  const openProbe = (device: string): ConflictProbe | undefined => {
    try {
      const socket = openArpSocket(device);
      return opened.use(openConflictProbe({ socket, clock, onWarning }));
    } catch (error) {
      // Without CAP_NET_RAW, or on a link without ARP: clients still decline what is taken.
      onWarning(`no conflict probe: ${error instanceof Error ? error.message : String(error)}`);
      return undefined;
    }
  };
  const dhcp: DhcpServer[] = [];
  for (const { interface: device, address, dhcp: mode } of config.segments) {
    if (mode.mode === "off") continue;
    const { https } = config;
    const plain = urls(originOf(address));
    const secure = https && urls(`https://${https.host ?? address}:${https.port}`);
    const { entry } = (https?.offeredTo === "everybody" && secure) || plain;
    const { loader: loaderUrl } = secure ?? plain;
    const server = await openDhcpServer({
      device,
      address,
      mode,
      boots,
      tactics,
      bootServer: (mac) => ({ address, entryUrl: entry(mac), loaderUrl }),
      journal: journal && { ...journal, everyLease: () => dhcp.flatMap((server) => server.leases()) },
      probe: mode.mode === "full" && mode.conflictProbe ? openProbe(device) : undefined,
      clock,
      openSocket: async (device, port) => {
        const socket = await openDeviceSocket(device, port);
        return capture ? capture.tap(socket, address) : socket;
      },
      onWarning,
    });
    dhcp.push(opened.use(server));
  }
  for (const { interface: device, routerAnswers } of config.segments) {
    if (!routerAnswers) continue;
    const isBooting = (mac: string) => boots.of(mac) !== undefined;
    opened.use(
      answerSolicitations({ device, clock, openSocket: openSolicitationSocket, isBooting, onWarning }),
    );
  }

  const http = {
    addresses,
    clock,
    booter,
    boots,
    loader: (file: string) => loaders.get(file),
    bootAt,
    metrics: () =>
      counters.text({
        dhcp_received_total: sum(dhcp, "received"),
        dhcp_replied_total: sum(dhcp, "replied"),
        dhcp_dropped_total: sum(dhcp, "dropped"),
        dhcp_silent_total: sum(dhcp, "silent"),
        tftp_dropped_total: tftp.dropped,
        leases: dhcp.reduce((total, server) => total + server.leases().length, 0),
        pool_addresses: dhcp.reduce((total, server) => total + server.poolAddresses, 0),
        boots: boots.size,
      }),
    onWarning,
    signal,
  };
  opened.use(await openHttpServer({ ...http, port: config.http.port }));
  if (config.https) {
    const { port, host } = config.https;
    if (!options.identity) throw new Error("Cannot serve HTTPS: no certificate was given");
    opened.use(await openHttpServer({ ...http, port, tls: { ...options.identity, host } }));
  }
  return opened.move();
}

const openCapture = (path: string, { clock, onWarning }: Pick<PxeServerOptions, "clock" | "onWarning">) =>
  new Capture({ path, maxBytes: captureBytes, clock, onWarning });

/** Leases that ended while we were away are nobody's. */
async function openJournal(
  path: string,
  nowMs: number,
): Promise<{ journal: LeaseJournal; changes: readonly LeaseChange[] }> {
  const { journal, changes } = await openLeaseJournal({ path, sync: true });
  return {
    journal,
    changes: changes.filter((change) => change.type !== "bound" || change.expiresMs > nowMs),
  };
}

function reportTftp(boots: Boots, boot: Boot, event: TftpEvent, file: string): void {
  const over = "tftp";
  switch (event.type) {
    case "started":
      boots.report(boot, { step: "downloading", over, file, sentBytes: 0, totalBytes: event.totalBytes });
      return;
    case "progress":
    case "finished":
      boots.report(boot, {
        step: event.type === "finished" ? "downloaded" : "downloading",
        over,
        file,
        sentBytes: event.sentBytes,
        totalBytes: event.totalBytes,
      });
      return;
    case "failed":
    case "refused":
      boots.report(boot, { step: "failed", over, file, why: event.why });
      return;
    case "declined":
      return;
    default:
      event satisfies never;
  }
}

const sum = (servers: readonly DhcpServer[], name: keyof DhcpServer["counters"]) =>
  servers.reduce((total, { counters }) => total + counters[name], 0);
