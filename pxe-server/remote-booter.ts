// Asks the provisioner what a machine shall boot. While it is away, machines boot by the last plan they had, from the
// files that are kept here.
import { join } from "node:path";
import { durationMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  BootService,
  Disk_Method,
  Interface_DhcpMode,
  Loader,
  type Plan,
  Asked_Protocol as Protocol,
  Stage,
  Transport,
} from "../api/gen/ingot/boot/v1/boot_pb.js";
import { openChannel } from "../api/grpc/channel.ts";
import { client, type Client as GrpcClient } from "../api/grpc/client.ts";
import { type ClientTls, ClientTlsCredentials } from "../api/grpc/client-tls.ts";
import { GrpcError } from "../api/grpc/error.ts";
import { type AssetCache, openAssetCache } from "./asset-cache.ts";
import type { Asking, Booter, BootPlan, DiskMethod, Progress } from "./booter.ts";
import type { Clock } from "./clock.ts";
import type { DhcpMode } from "./dhcp/network.ts";
import type { LoaderKind } from "./firmware.ts";
import { openPlanMemory, type PlanMemory } from "./plan-memory.ts";
import { type NumberedReport, ReportOutbox } from "./report-outbox.ts";

export interface RemoteBooterOptions {
  /** `host:port` of the provisioner. */
  readonly address: string;
  /** The name in our certificate names this segment. */
  readonly tls: ClientTls;
  /** For assets, and the last plans. */
  readonly folder: string;
  readonly maxDiskBytes: number;
  readonly maxMemoryBytes: number;
  readonly version: string;
  readonly interfaces: readonly {
    readonly interface: string;
    readonly address: string;
    readonly dhcp: DhcpMode;
  }[];
  readonly clock: Clock;
  readonly onWarning: (text: string) => void;
}

export interface RemoteBooter extends Booter, AsyncDisposable {}

/** EDK2 collects offers for 3.8 s, and iPXE asks again after one: an answer later than this is no answer. */
const planDeadlineMs = 2_000;
/** When the question before this one was not answered either. */
const planDeadlineWhileAwayMs = 250;
/** iPXE waits this long for the first byte of a file that must still be fetched. */
const assetDeadlineMs = 30_000;
const retryMs = 2_000;
const keepAliveMs = 10_000;
const holdWhileAwayS = 10;
const leastAnnounceMs = 1_000;
const defaultAnnounceMs = 60_000;

type Service = GrpcClient<typeof BootService>;

/** Resolves without waiting for the provisioner. */
export async function openRemoteBooter(options: RemoteBooterOptions): Promise<RemoteBooter> {
  const { folder, clock, onWarning, address, tls } = options;
  const startedMs = clock.now();
  const stop = new AbortController();
  const { signal } = stop;
  const channel = openChannel({
    address,
    credentials: new ClientTlsCredentials(tls),
    keepAliveMs,
    maxReconnectMs: retryMs,
  });
  const service = client(BootService, channel);
  const cache = await openAssetCache({
    ...options,
    folder: join(folder, "assets"),
    fetch: (sha256, offsetBytes, signal) => fetchAsset(service, sha256, offsetBytes, signal),
    signal,
  });
  const plans = await openPlanMemory(join(folder, "plans.json"), onWarning);
  const outbox = new ReportOutbox({
    send: (reports, signal) => sendReports(service, reports, signal, onWarning),
    clock,
    signal,
  });
  const again = (work: () => Promise<number>) => repeat(work, { clock, signal });
  const background = [
    outbox.run(),
    again(() => watchAssets(service, cache, signal)),
    // Files are here before a machine asks for them, and before the provisioner goes away.
    again(() => cache.fetchListed().then(() => retryMs)),
    again(() => announce(service, options, startedMs, signal)),
  ];
  const asker = new Asker(service, plans, onWarning);

  return {
    plan: (asking, signal) => asker.plan(asking, signal),
    asset: (name) => withDeadline(cache.asset(name), clock, signal),
    report: (report) => outbox.put(report),
    [Symbol.asyncDispose]: async () => {
      stop.abort();
      await Promise.all(background);
      channel[Symbol.dispose]();
      await plans[Symbol.asyncDispose]();
    },
  };
}

class Asker {
  readonly #service: Service;
  readonly #plans: PlanMemory;
  readonly #onWarning: (text: string) => void;
  #isAway = false;

  constructor(service: Service, plans: PlanMemory, onWarning: (text: string) => void) {
    this.#service = service;
    this.#plans = plans;
    this.#onWarning = onWarning;
  }

  async plan(asking: Asking, signal: AbortSignal): Promise<BootPlan> {
    const deadlineMs = this.#isAway ? planDeadlineWhileAwayMs : planDeadlineMs;
    try {
      const { plan } = await this.#service.plan(requestOf(asking), { deadlineMs, signal });
      if (this.#isAway) this.#onWarning("the provisioner answers again");
      this.#isAway = false;
      if (plan?.once) this.#plans.forget(asking.mac);
      else this.#plans.remember(asking.mac, planOf(plan, "without secrets"));
      return planOf(plan, "with secrets");
    } catch (error) {
      if (signal.aborted) throw error;
      const { code, details } = GrpcError.from(error);
      if (code === "permissionDenied" || code === "unauthenticated") {
        return { do: "ignore", why: `the provisioner refuses this pxe-server: ${details}` };
      }
      if (!this.#isAway) this.#onWarning(`the provisioner does not answer (${code}: ${details})`);
      this.#isAway = true;
      return this.#unanswered(asking);
    }
  }

  #unanswered({ mac, stage }: Asking): BootPlan {
    const why = "the provisioner does not answer";
    const known = this.#plans.recall(mac);
    if (known) return { ...known, why: `${known.why} (as before: ${why})` };
    // Firmware of a stranger is left alone, as if we were not there; what we let in before shall see the reason.
    return stage === "firmware" ? { do: "ignore", why } : { do: "hold", why, retryAfterS: holdWhileAwayS };
  }
}

async function announce(
  service: Service,
  { version, interfaces }: RemoteBooterOptions,
  startedMs: number,
  signal: AbortSignal,
): Promise<number> {
  const { againAfter } = await service.announce(
    {
      version,
      started: timestampFromMs(startedMs),
      interfaces: interfaces.map(({ interface: name, address, dhcp }) => ({
        name,
        addresses: [address],
        mode: modes[dhcp.mode],
      })),
    },
    { signal },
  );
  return againAfter ? Math.max(leastAnnounceMs, durationMs(againAfter)) : defaultAnnounceMs;
}

/** Until the stream breaks. */
async function watchAssets(service: Service, cache: AssetCache, signal: AbortSignal): Promise<number> {
  for await (const { assets } of service.watchAssets({}, { signal })) {
    await cache.list(
      assets.map(({ name, sizeBytes, sha256 }) => ({
        name,
        sizeBytes: Number(sizeBytes),
        sha256: sha256.toHex(),
      })),
    );
  }
  return retryMs;
}

async function* fetchAsset(
  service: Service,
  sha256: string,
  offsetBytes: number,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const request = { sha256: Uint8Array.fromHex(sha256), offsetBytes: BigInt(offsetBytes) };
  for await (const { chunk } of service.fetchAsset(request, { signal })) yield chunk;
}

async function sendReports(
  service: Service,
  reports: readonly NumberedReport[],
  signal: AbortSignal,
  onWarning: (text: string) => void,
): Promise<void> {
  try {
    await service.report({ reports: reports.map(reportOf) }, { signal });
  } catch (error) {
    // Asking again would get the same answer, for ever, and keep all later reports back.
    if (!(error instanceof GrpcError && error.code === "invalidArgument")) throw error;
    onWarning(`the provisioner refuses ${reports.length} reports: ${error.details}`);
  }
}

/** Runs it again and again, after as long as it says, or after a while when it failed. */
async function repeat(
  work: () => Promise<number>,
  { clock, signal }: { clock: Clock; signal: AbortSignal },
): Promise<void> {
  while (!signal.aborted) {
    // That the provisioner is away is said once, where a machine asks for its plan.
    const ms = await work().catch(() => retryMs);
    await clock.sleep(ms, signal).catch(() => undefined);
  }
}

async function withDeadline<T>(work: Promise<T>, clock: Clock, signal: AbortSignal): Promise<T | undefined> {
  const done = new AbortController();
  const late = clock.sleep(assetDeadlineMs, AbortSignal.any([done.signal, signal]));
  try {
    return await Promise.race([
      work,
      late.then(
        () => undefined,
        () => undefined,
      ),
    ]);
  } finally {
    done.abort();
  }
}

const stages = { firmware: Stage.FIRMWARE, loader: Stage.LOADER, script: Stage.SCRIPT } as const;

const modes: Readonly<Record<DhcpMode["mode"], Interface_DhcpMode>> = {
  off: Interface_DhcpMode.OFF,
  full: Interface_DhcpMode.FULL,
  proxy: Interface_DhcpMode.PROXY,
  bootserver: Interface_DhcpMode.PROXY,
  reservations: Interface_DhcpMode.RESERVATIONS_ONLY,
};

const requestOf = ({ bootId, stage, mac, macs = [], ...told }: Asking) => ({
  bootId,
  stage: stages[stage],
  client: {
    mac,
    macs: [...macs],
    uuid: told.uuid ?? "",
    serial: told.serial ?? "",
    assetTag: told.asset ?? "",
    manufacturer: told.manufacturer ?? "",
    product: told.product ?? "",
    architecture: told.architecture ?? "",
    userClass: told.userClass ?? "",
    vendorClass: told.vendorClass ?? "",
    address: told.address ?? "",
  },
});

const loaders: Readonly<Record<Loader, LoaderKind | undefined>> = {
  [Loader.UNSPECIFIED]: undefined,
  [Loader.SNPONLY]: "snponly",
  [Loader.IPXE]: "ipxe",
  [Loader.SIGNED]: "signed",
};

const methods: Readonly<Record<Disk_Method, DiskMethod>> = {
  [Disk_Method.UNSPECIFIED]: "exit",
  [Disk_Method.EXIT]: "exit",
  [Disk_Method.SANBOOT]: "sanboot",
  [Disk_Method.HTTP_404]: "http-404",
};

function planOf(plan: Plan | undefined, secrets: "with secrets" | "without secrets"): BootPlan {
  const served = { why: plan?.why ?? "", loader: plan && loaders[plan.loader] };
  switch (plan?.do.case) {
    case "kernel": {
      const { kernel, initrds, arguments: args, paceBytesPerSecond } = plan.do.value;
      return {
        ...served,
        do: "kernel",
        kernel,
        initrds,
        args: args
          .filter(({ secret }) => !secret || secrets === "with secrets")
          .map(({ name, value }) => (value === undefined ? { name } : { name, value })),
        paceBytesPerSecond: paceBytesPerSecond > 0n ? Number(paceBytesPerSecond) : undefined,
      };
    }
    case "chain":
      return { ...served, do: "chain", url: plan.do.value.url };
    case "disk":
      return { ...served, do: "disk", method: methods[plan.do.value.method] };
    case "hold": {
      const { retryAfter } = plan.do.value;
      return {
        ...served,
        do: "hold",
        retryAfterS: retryAfter ? durationMs(retryAfter) / 1000 : holdWhileAwayS,
      };
    }
    case "ignore":
      return { do: "ignore", why: served.why };
    case undefined:
      return {
        do: "hold",
        why: "the provisioner speaks of a plan unknown here",
        retryAfterS: holdWhileAwayS,
      };
  }
}

const transports = { tftp: Transport.TFTP, http: Transport.HTTP } as const;

const reportOf = ({ bootId, mac, atMs, number, progress }: NumberedReport) => ({
  bootId,
  mac,
  at: timestampFromMs(atMs),
  number: BigInt(number),
  step: stepOf(progress),
});

function stepOf(progress: Progress) {
  switch (progress.step) {
    case "asked": {
      const protocol = progress.protocol === "dhcp" ? Protocol.DHCP : Protocol.BOOTSERVER;
      return { case: progress.step, value: { protocol, firmware: progress.firmware } };
    }
    case "downloading":
    case "downloaded": {
      const { over, file, sentBytes, totalBytes } = progress;
      return {
        case: progress.step,
        value: { over: transports[over], file, sentBytes: BigInt(sentBytes), totalBytes: BigInt(totalBytes) },
      };
    }
    case "failed":
      return {
        case: progress.step,
        value: { over: transports[progress.over], file: progress.file, why: progress.why },
      };
    case "offered":
      return { case: progress.step, value: { file: progress.file, tactic: progress.tactic } };
    case "ignored":
      return { case: progress.step, value: { why: progress.why } };
    case "leased":
      return { case: progress.step, value: { address: progress.address } };
    case "scripted":
      return { case: progress.step, value: { plan: progress.plan, why: progress.why } };
    default:
      return progress satisfies never;
  }
}
