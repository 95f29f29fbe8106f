// What a pxe-server asks: what shall this machine boot, and here is how far it got.
import { randomUUID } from "node:crypto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampDate } from "@bufbuild/protobuf/wkt";
import {
  type AnnounceRequest,
  BootService as BootProto,
  type BootReport,
  type Client,
  Interface_DhcpMode as DhcpMode,
  Disk_Method,
  KernelArgumentSchema,
  Loader,
  type PlanSchema,
} from "../../api/gen/ingot/boot/v1/boot_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import type { Call } from "../../api/grpc/handlers.ts";
import { type ServedService, serve } from "../../api/grpc/serve.ts";
import type { Clock } from "../../cosi/clock.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists, NotFound } from "../../cosi/state-errors.ts";
import { bootMode } from "../decisions/boot-mode.ts";
import { gatherFacts } from "../decisions/facts.ts";
import { BootStatus } from "../resources/boot-status.ts";
import type { Machine } from "../resources/machine.ts";
import type { MachineIdentity } from "../resources/machine-identity.ts";
import { Profile } from "../resources/profile.ts";
import { Segment } from "../resources/segment.ts";
import { type BootToken, signBootToken } from "../trust/boot-token.ts";
import type { AssetShelf } from "./asset-shelf.ts";
import type { DurationHistogram } from "./duration-histogram.ts";
import type { BootImage } from "./image-folder.ts";
import { configAddress, imageAddress, phoneHomeAddress, phoneHomeLifeMs } from "./install-addresses.ts";
import { type InstallPlan, installPlan } from "./install-plan.ts";
import { type MachineRecords, recordsOf } from "./machine-records.ts";
import type { MachineRegistry } from "./machine-registry.ts";
import { segmentOf } from "./peers.ts";
import { markUnheard } from "./unheard-boots.ts";

type Boot = SpecOf<typeof BootStatus>;
type Plan = MessageInitShape<typeof PlanSchema>;
interface Argument {
  readonly name: string;
  readonly value?: string | undefined;
  readonly secret?: boolean;
}

/** A boot, and the address that the machine asks from. */
interface Asking {
  readonly id: string;
  readonly from: string;
}

export interface BootServiceOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly registry: MachineRegistry;
  readonly shelf: AssetShelf;
  readonly bootTokenKey: Uint8Array;
  /** Of the authority that agents pin. */
  readonly authorityFingerprint: string;
  /** Where an agent at that address dials, `host:port`, as it is told by its boot. */
  readonly agentAddress: (from: string) => string;
  /** Where a system at that address fetches its config and calls home; unset where nothing is served. */
  readonly installsAt: ((from: string) => string) | undefined;
  /** Whose certificate is shown there: one that everybody trusts, or one of our own authority to who asks for it. */
  readonly installsTrust: "anybody" | "ours";
  readonly times: Pick<DurationHistogram, "count">;
  readonly log: (text: string) => void;
}

/** Long enough for the slowest download, short enough that one found in an old log is worth nothing. */
const bootTokenLifeMs = 30 * 60_000;
const holdMs = 10_000;
const announceAgainMs = 60_000;
const refusedAgainMs = 1_000;

export function bootService(options: BootServiceOptions): ServedService {
  const desk = new BootDesk(options);
  return serve(BootProto, {
    plan: async ({ client, bootId }, call) => {
      segmentOf(call);
      if (!client?.mac) throw new GrpcError("invalidArgument", "client.mac is missing: who asks?");
      const began = options.clock.elapsedMs();
      const plan = await desk.plan(client, bootId);
      options.times.count(options.clock.elapsedMs() - began);
      return { plan };
    },
    report: async ({ reports }, call) => {
      segmentOf(call);
      for (const report of reports) await desk.report(report);
      return {};
    },
    async *watchAssets(_, call) {
      segmentOf(call);
      for await (const assets of options.shelf.watch(call.signal)) {
        yield {
          assets: assets.map(({ name, sizeBytes, sha256 }) => ({
            name,
            sizeBytes: BigInt(sizeBytes),
            sha256: Buffer.from(sha256, "hex"),
          })),
        };
      }
    },
    async *fetchAsset({ sha256, offsetBytes }, call) {
      segmentOf(call);
      const chunks = options.shelf.read(
        Buffer.from(sha256).toString("hex"),
        Number(offsetBytes),
        call.signal,
      );
      for await (const chunk of chunks) yield { chunk };
    },
    announce: async (announcement, call: Call) => {
      await announce(options, segmentOf(call), announcement);
      return { againAfter: durationFromMs(announceAgainMs) };
    },
  });
}

async function announce(
  { state, clock }: BootServiceOptions,
  segment: string,
  { version, interfaces, started }: AnnounceRequest,
): Promise<void> {
  const seenAt = clock.now();
  const startedAt = started ? timestampDate(started) : seenAt;
  const before = (await state.find(Segment, segment))?.spec;
  // It is another process than the one that was seen last. Two that share a name tell of each other all the time.
  const wasAway =
    before && before.startedAt.getTime() !== startedAt.getTime() && startedAt > before.seenAt && started;
  // First: whoever dies in between sees the same again.
  if (wasAway) await markUnheard({ state, clock }, { segment, from: before.seenAt, to: seenAt });
  await state.set(Segment, segment, {
    spec: {
      version,
      interfaces: interfaces.map(({ name, addresses, mode }) => ({
        name,
        addresses,
        dhcp: modes[mode] ?? ("off" as const),
      })),
      startedAt,
      seenAt,
    },
  });
}

const modes = {
  [DhcpMode.UNSPECIFIED]: "off",
  [DhcpMode.OFF]: "off",
  [DhcpMode.FULL]: "full",
  [DhcpMode.PROXY]: "proxy",
  [DhcpMode.RESERVATIONS_ONLY]: "reservationsOnly",
} as const;

interface Told {
  readonly machine: string;
  readonly mode: Mode;
  readonly why: string;
}

/** Whoever invents addresses on a boot network fills no memory. */
const mostTold = 20_000;

class BootDesk {
  readonly #options: BootServiceOptions;
  /** What each machine was last told to boot, for its reports: they name the boot, not the plan. */
  readonly #told = new Map<string, Told>();
  #refusedMs = Number.NEGATIVE_INFINITY;

  constructor(options: BootServiceOptions) {
    this.#options = options;
  }

  async plan(client: Client, bootId: string): Promise<Plan> {
    const { registry, state, clock, shelf, log } = this.#options;
    const met = await registry.meet(identityOf(client));
    if (met.is === "nobody") {
      // A flood of them fills no log.
      const now = clock.elapsedMs();
      if (now - this.#refusedMs >= refusedAgainMs) log(`${client.mac} may not boot: ${met.why}`);
      this.#refusedMs = now;
      return hold(met.why);
    }
    const records = await recordsOf(state, met.id);
    if (!records) throw new GrpcError("unavailable", `machine ${met.id} is being removed`);
    const facts = gatherFacts(records);
    const { is: mode, why } = bootMode(facts);
    this.#told.delete(client.mac);
    this.#told.set(client.mac, { machine: met.id, mode, why });
    const [oldest] = this.#told.keys();
    if (this.#told.size > mostTold && oldest !== undefined) this.#told.delete(oldest);
    const { boot } = records.machine.spec;
    const plan = { why, ...(boot.loader && { loader: loaders[boot.loader] }) };
    const pace = BigInt(boot.paceBytesPerSecond ?? 0);
    const asking = { id: bootId, from: client.address };
    switch (mode) {
      case "alone":
        return { ...plan, do: { case: "ignore", value: {} } };
      case "hold":
        return { ...plan, ...hold(why) };
      case "disk":
        return { ...plan, do: { case: "disk", value: { method: diskMethods[boot.diskMethod ?? "exit"] } } };
      case "agent": {
        const image = shelf.agentImage();
        if (image) return { ...plan, once: true, do: this.#agent(image, met.id, asking, pace) };
        return { ...plan, ...hold("there is no image for agents here: `ingot serve --image` names one") };
      }
      case "install": {
        const install = await this.#install(records, facts.wipedAt, { asking, pace });
        if (install.is === "plan") return { ...plan, once: true, do: install.do };
        log(`${met.id} cannot be installed: ${install.why}`);
        return { ...plan, ...hold(install.why) };
      }
    }
  }

  /** Our own system, with no reason to leave the agent's life. */
  #agent(image: BootImage, machine: string, boot: Asking, paceBytesPerSecond: bigint) {
    const { authorityFingerprint, agentAddress } = this.#options;
    const token = this.#sign({ id: randomUUID(), machine, use: "enrol", wipeId: 0 }, bootTokenLifeMs);
    const args: Argument[] = [
      ...image.arguments,
      { name: "ingot.provisioner", value: agentAddress(boot.from) },
      { name: "ingot.ca", value: `sha256:${authorityFingerprint}` },
      { name: "ingot.token", value: token, secret: true },
      { name: "ingot.boot", value: boot.id },
    ];
    const { kernel, initrds } = image;
    return {
      case: "kernel" as const,
      value: { kernel, initrds: [...initrds], arguments: args.map(argument), paceBytesPerSecond },
    };
  }

  async #install(
    records: MachineRecords,
    wipeId: number,
    { asking, pace }: { readonly asking: Asking; readonly pace: bigint },
  ): Promise<InstallPlan> {
    const { state, shelf, installsAt } = this.#options;
    const name = records.assignment!.spec.profile;
    const profile = await state.find(Profile, name);
    if (!profile) return { is: "obstacle", why: `its profile ${name} is gone` };
    const token = { id: randomUUID(), machine: records.machine.metadata.id, wipeId };
    const { boots } = profile.spec;
    const at = installsAt?.(asking.from);
    // Our own system is told of our authority: nobody who listens learns a cluster's secrets.
    const isTrusting = boots.what === "ingot" && this.#options.installsTrust === "ours";
    const own = isTrusting ? at?.replace(/^http:/, "https:") : at;
    const addresses =
      at === undefined || own === undefined
        ? undefined
        : {
            ...(isTrusting && { authority: `sha256:${this.#options.authorityFingerprint}` }),
            config: configAddress(own, this.#sign({ ...token, use: "config" }, bootTokenLifeMs)),
            phoneHome: phoneHomeAddress(own, this.#sign({ ...token, use: "installed" }, phoneHomeLifeMs)),
            ...(boots.what === "ingot" && { image: imageAddress(at, boots.image) }),
          };
    return installPlan({ records, profile, addresses, shelf, paceBytesPerSecond: pace });
  }

  #sign(token: Omit<BootToken, "expiresAt">, lifeMs: number): string {
    const { clock, bootTokenKey } = this.#options;
    return signBootToken({ ...token, expiresAt: new Date(clock.now().getTime() + lifeMs) }, bootTokenKey);
  }

  async report({ bootId, mac, at, step }: BootReport): Promise<void> {
    const { clock } = this.#options;
    if (step.case === undefined) return;
    const isTurnedAway = step.case === "ignored";
    // Who is to be left alone was; of whom not, nobody could be asked.
    const known = isTurnedAway ? undefined : this.#told.get(mac);
    // Another provisioner planned it, or this one before it was started again.
    const told = known ?? (await this.#judge(mac));
    if (!told || (isTurnedAway && told.mode === "alone")) return;
    const { machine } = told;
    const now = clock.now();
    const when = at && timestampDate(at) < now ? timestampDate(at) : now;
    const failed = step.case === "failed" ? `${step.value.file}: ${step.value.why}` : undefined;
    const untold = isTurnedAway ? step.value.why : undefined;
    const reached = isTurnedAway ? "turnedAway" : step.case;
    const next = (before: Boot | undefined): Boot | undefined => {
      // A report that comes late tells nothing about what runs now.
      if (before && before.state !== "booting" && before.since >= when) return undefined;
      const same = before?.state === "booting" && before.bootId === bootId ? before : undefined;
      if (same && (same.at > when || (same.step === reached && reached === "downloading"))) return undefined;
      return {
        state: "booting",
        bootId,
        step: reached,
        plan: known?.mode ?? same?.plan ?? told.mode,
        why: failed ?? untold ?? known?.why ?? same?.why ?? told.why,
        since: same?.since ?? when,
        at: when,
      };
    };
    await this.#change(machine, next);
  }

  /**
   * What a machine would be told now. A report makes nobody known: the question of the same boot, which tells more of who
   * asks, may be about to, and two machines of one would be in conflict for ever.
   */
  async #judge(mac: string): Promise<Told | undefined> {
    const { registry, state } = this.#options;
    const machine = registry.find({ macs: [mac] });
    const records = machine === undefined ? undefined : await recordsOf(state, machine);
    if (machine === undefined || !records) return undefined;
    const { is: mode, why } = bootMode(gatherFacts(records));
    return { machine, mode, why };
  }

  /** In one step: its agent may attach at this moment, and be there for good. */
  async #change(machine: string, next: (before: Boot | undefined) => Boot | undefined): Promise<void> {
    const { state } = this.#options;
    for (;;) {
      try {
        await state.update(BootStatus, machine, ({ spec: before }) => {
          const spec = next(before);
          return spec ? { spec } : {};
        });
        return;
      } catch (error) {
        if (!(error instanceof NotFound)) throw error;
      }
      try {
        const spec = next(undefined);
        if (spec) await state.create(BootStatus, machine, { spec });
        return;
      } catch (error) {
        if (!(error instanceof AlreadyExists)) throw error;
      }
    }
  }
}

/** The screen says why, and the machine asks again. */
const hold = (why: string): Plan => ({
  why,
  do: { case: "hold", value: { retryAfter: durationFromMs(holdMs) } },
});

type Mode = ReturnType<typeof bootMode>["is"];

const loaders = {
  snponly: Loader.SNPONLY,
  ipxe: Loader.IPXE,
  signed: Loader.SIGNED,
} as const satisfies Record<NonNullable<SpecOf<typeof Machine>["boot"]["loader"]>, Loader>;
const diskMethods = {
  exit: Disk_Method.EXIT,
  sanboot: Disk_Method.SANBOOT,
  http404: Disk_Method.HTTP_404,
} as const;

const argument = ({ name, value, secret = false }: Argument) =>
  create(KernelArgumentSchema, { name, secret, ...(value !== undefined && { value }) });

/** Firmware that knows nothing of a field leaves it empty. */
const identityOf = ({ uuid, serial, mac, macs }: Client): MachineIdentity => ({
  ...(uuid && { uuid: uuid.toLowerCase() }),
  ...(serial && { serial }),
  macs: [...new Set([mac, ...macs])],
});
