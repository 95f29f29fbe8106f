// A server of the fleet: power, firmware, disks, and the operating system's own agent when that is what it boots.
import { randomUUID } from "node:crypto";
import { create } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  DiskProgress_Step,
  type WipeOrder,
  WipeProgressSchema,
  WipeResultSchema,
} from "../../api/gen/ingot/agent/v1/wipe_pb.js";
import { SimulatedChassis } from "../../bmc/simulator/chassis.ts";
import { systemClock as bmcClock } from "../../bmc/system-clock.ts";
import { sleep } from "../../cosi/clock.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { Agent } from "../../os/agent/agent.ts";
import { agentMode } from "../../os/agent/agent-arguments.ts";
import type { Execute } from "../../os/agent/order-runner.ts";
import { parseKernelArguments } from "../../os/machined/kernel-arguments.ts";
import type { Booter, BootPlan, Progress, Stage } from "../../pxe-server/booter.ts";
import { formatKernelArguments } from "../../pxe-server/kernel-arguments.ts";
import { diskOf, type FleetIdentity, fleetIdentity, fleetInventory } from "./fleet-inventory.ts";

/** What is on its disk, which only the machine itself knows. */
type Disk = "foreign" | "empty" | "rubble" | "system";
type Runs = "nothing" | "firmware" | "agent" | "installer" | "system";

/** No server is up again sooner after its power was cycled; the provisioner believes nothing that is. */
const postMs = 5_500;

/** EDK2 asks for so long before it goes on to the disk (DISCOVERs at 0, 3.6, 11.7 and 27.7 s). */
const firmwareMs = 30_000;

/** The site that a machine stands in. */
export interface Surroundings {
  readonly booter: () => Pick<Booter, "plan" | "report">;
  readonly random: () => number;
  /** How long firmware takes for a step, at most. */
  readonly paceMs: number;
  /** How long erasing or writing a disk takes, about. */
  readonly wipeMs: number;
  readonly isOver: boolean;
  /** What must never happen, and did. */
  readonly violations: string[];
  readonly configs: string[];
  wipes: number;
  readonly mayStop: (machine: FleetMachine) => boolean;
  readonly mayWipe: (machine: FleetMachine) => boolean;
  /** Work that the site ends before it closes. */
  readonly background: (work: Promise<void>) => void;
}

export class FleetMachine {
  readonly index: number;
  readonly identity: FleetIdentity;
  readonly chassis: SimulatedChassis;
  disk: Disk = "foreign";
  runs: Runs = "nothing";
  boots = 0;
  /** Wipes that came to their end since its disk was last written. */
  readonly wiped = new Set<bigint>();
  readonly #site: Surroundings;
  #wiping = false;
  #stoppedMs = Number.NEGATIVE_INFINITY;
  #life = new AbortController();

  constructor(index: number, site: Surroundings) {
    this.index = index;
    this.#site = site;
    this.identity = fleetIdentity(index);
    this.chassis = new SimulatedChassis({
      clock: bmcClock,
      machine: {
        powerOn: () => this.#start(performance.now() - this.#stoppedMs < 1_000 ? postMs : 0),
        powerOff: () => this.#stop(),
        softOff: () => {
          this.#stop();
          this.chassis.stopped();
        },
        reset: () => this.#start(),
      },
    });
  }

  get id(): string {
    return this.identity.uuid;
  }

  /** Whatever runs ends, as when the plug is pulled. */
  #stop(): void {
    this.#stoppedMs = performance.now();
    this.#life.abort(new Error("the power went off"));
    if (this.#wiping) this.disk = "rubble";
    if (this.#wiping && !this.#site.isOver) this.#accuse("lost its power during a wipe");
    this.#wiping = false;
    if (this.runs === "system" && !this.#site.mayStop(this)) this.#accuse("was stopped while it ran");
    this.runs = "nothing";
  }

  #start(afterMs = 0): void {
    this.#stop();
    this.#life = new AbortController();
    const { signal } = this.#life;
    this.boots++;
    this.runs = "firmware";
    this.#site.background(
      this.#boot(signal, afterMs).catch((error: unknown) => {
        if (!signal.aborted) this.#accuse(`fell over: ${String(error)}`);
      }),
    );
  }

  #restart(): void {
    if (!this.chassis.powered) return;
    this.chassis.restarted();
    this.#start();
  }

  #accuse(what: string): void {
    this.#site.violations.push(`machine ${this.index} ${what}`);
  }

  #pause(mostMs: number, signal: AbortSignal): Promise<void> {
    return sleep(systemClock, this.#site.random() * mostMs, signal);
  }

  /** The network is first in its boot order. */
  async #boot(signal: AbortSignal, afterMs: number): Promise<void> {
    const bootId = randomUUID();
    await sleep(systemClock, afterMs, signal);
    const began = performance.now();
    for (;;) {
      await this.#pause(this.#site.paceMs, signal);
      const firmware = await this.#ask("firmware", bootId, signal);
      if (firmware.do === "ignore") {
        if (this.disk === "system" && performance.now() - began > firmwareMs) return this.#runSystem();
        continue;
      }
      this.#tell(bootId, { step: "asked", protocol: "dhcp", firmware: "uefi-x64" });
      this.#tell(bootId, { step: "leased", address: "10.0.0.1" });
      const plan = await this.#ask("script", bootId, signal);
      this.#tell(bootId, { step: "scripted", plan: plan.do, why: plan.why });
      // A pxe-server that nobody answers says what held before, and a machine that was to be wiped would run on until
      // its time is over, 20 minutes later. This firmware tries the network again.
      const isNews = !plan.why.includes("does not answer");
      if (plan.do === "disk" && this.disk === "system" && isNews) return this.#runSystem();
      if (plan.do === "kernel") return this.#load(plan, bootId, signal);
      await this.#pause(10 * this.#site.paceMs, signal);
    }
  }

  #ask(stage: Stage, bootId: string, signal: AbortSignal): Promise<BootPlan> {
    const { uuid, serial, macs } = this.identity;
    const asking = { mac: macs[0]!, macs, uuid, serial, architecture: "uefi-x64", bootId, stage } as const;
    return this.#site.booter().plan(asking, signal);
  }

  #tell(bootId: string, progress: Progress): void {
    this.#site.booter().report({ bootId, mac: this.identity.macs[0]!, atMs: Date.now(), progress });
  }

  async #load(plan: Extract<BootPlan, { do: "kernel" }>, bootId: string, signal: AbortSignal): Promise<void> {
    const size = { sentBytes: 1, totalBytes: 1 };
    this.#tell(bootId, { step: "downloaded", over: "http", file: plan.kernel, ...size });
    await this.#pause(this.#site.paceMs, signal);
    const line = parseKernelArguments(formatKernelArguments(plan.args));
    const mode = agentMode(line);
    if (mode.is === "agent") return this.#runAgent(mode.arguments, signal);
    const config = line.last("talos.config");
    if (mode.is === "off" && config !== undefined) return this.#install(config, signal);
    this.#accuse(`was booted with what is no use to it: ${mode.is}`);
  }

  #runSystem(): void {
    this.runs = "system";
  }

  async #runAgent(args: Parameters<typeof agentOf>[1], signal: AbortSignal): Promise<void> {
    this.runs = "agent";
    const wipe: Execute<WipeOrder> = (order, { progress }) => this.#wipe(order, progress, signal);
    const ends: Execute<unknown> = async () => ({ is: "succeeded", afterwards: () => this.#restart() });
    const off: Execute<unknown> = async () => ({
      is: "succeeded",
      afterwards: () => {
        this.#stop();
        this.chassis.stopped();
      },
    });
    await agentOf(this, args, { wipe, reboot: ends, powerOff: off }).run(signal);
  }

  async #wipe(
    { wipeId, disks }: WipeOrder,
    progress: Parameters<Execute<WipeOrder>>[1]["progress"],
    signal: AbortSignal,
  ): ReturnType<Execute<WipeOrder>> {
    if (this.#wiping) this.#accuse("was told to wipe while it wipes");
    if (this.wiped.has(wipeId)) this.#accuse(`was wiped twice under ${wipeId}`);
    if (this.disk === "system" && !this.#site.mayWipe(this)) this.#accuse("was wiped while it was in use");
    const began = new Date();
    this.#wiping = true;
    this.disk = "rubble";
    const disk = disks[0]!;
    const value = create(WipeProgressSchema, {
      disks: [{ disk: disk.disk, step: DiskProgress_Step.ERASING, totalBytes: 1n }],
    });
    progress({ doing: "erasing", progress: { case: "wipe", value } });
    await this.#pause(2 * this.#site.wipeMs, signal);
    this.#wiping = false;
    this.disk = "empty";
    this.wiped.add(wipeId);
    this.#site.wipes++;
    const { serial, model, wwid, sizeBytes } = diskOf(this.index);
    return {
      is: "succeeded",
      result: {
        case: "wipe",
        value: create(WipeResultSchema, {
          disks: [
            {
              disk: disk.disk,
              model,
              serial,
              wwid,
              sizeBytes,
              method: disk.methods[0]!,
              started: timestampFromDate(began),
              duration: { seconds: 1n },
              verification: { samples: disk.verifySamples, mismatches: 0 },
            },
          ],
        }),
      },
    };
  }

  /** An installer as others have them: fetches its config, writes the disk, calls home until it is answered. */
  async #install(address: string, signal: AbortSignal): Promise<void> {
    this.runs = "installer";
    const config = await this.#fetch(address, signal);
    // It was fetched before, or has expired: only another boot gets it.
    if (config.status !== 200) return this.#restart();
    if (this.disk !== "empty") this.#accuse(`was installed over what nobody wiped (${this.disk})`);
    this.wiped.clear();
    this.disk = "rubble";
    await this.#pause(this.#site.wipeMs, signal);
    this.disk = "system";
    this.#site.configs.push(`${this.index}: ${config.text}`);
    const home = /phoneHome: (\S+)/.exec(config.text)?.[1];
    if (home !== undefined) await this.#fetch(home, signal);
    this.#restart();
  }

  async #fetch(url: string, signal: AbortSignal): Promise<{ status: number; text: string }> {
    for (;;) {
      try {
        const answer = await fetch(url, { signal, keepalive: false });
        if (answer.status !== 503) return { status: answer.status, text: await answer.text() };
      } catch {
        signal.throwIfAborted();
      }
      await this.#pause(10 * this.#site.paceMs, signal);
    }
  }
}

type Arguments = Extract<ReturnType<typeof agentMode>, { is: "agent" }>["arguments"];
type Acts = Record<"wipe" | "reboot" | "powerOff", Execute<never>>;

function agentOf({ identity, index }: FleetMachine, args: Arguments, acts: Acts): Agent {
  const nothing: Execute<unknown> = async () => ({ is: "succeeded" });
  const { wipe, reboot, powerOff } = acts;
  return new Agent({
    arguments: args,
    version: "0.1.0",
    kernelBootId: randomUUID(),
    clock: systemClock,
    random: Math.random,
    identity: async () => ({ ...identity, macs: [...identity.macs] }),
    uptimeMs: () => 5_000,
    residentBytes: () => 1,
    setClock: () => {},
    executors: { wipe, reboot, powerOff, bmcAccount: nothing, identify: nothing, test: nothing } as never,
    inventory: { read: async () => fleetInventory(index), changed: untilAborted },
    logs: { async *follow() {} },
    said: () => {},
  });
}

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason as Error), { once: true });
  });
