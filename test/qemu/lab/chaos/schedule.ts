// What goes wrong, and when: all of it follows from the seed and from what the rack has, so that a run can be lived
// through again.
import { between, oneOf, type Random, randomFrom } from "../../../../provisioner/simulation/random.ts";

export type Fault =
  /** The mains fail: the machine is off, and on again when they are back if it was on. */
  | { readonly kind: "power cut"; readonly machine: string; readonly forMs: number }
  | { readonly kind: "link down"; readonly machine: string; readonly forMs: number }
  | {
      readonly kind: "packet loss";
      readonly machine: string;
      readonly percent: number;
      readonly forMs: number;
    }
  /** Its BMC answers nobody. */
  | { readonly kind: "BMC hangs"; readonly machine: string; readonly forMs: number }
  /** Without a warning; it comes back as a service manager brings it back. */
  | { readonly kind: "provisioner killed"; readonly forMs: number }
  | { readonly kind: "pxe-server killed"; readonly network: string; readonly forMs: number }
  /** Where the provisioner keeps everything. */
  | { readonly kind: "disk full"; readonly forMs: number };

/** What somebody asks of a machine, whatever it is doing: the provisioner may refuse. */
export interface Deed {
  readonly kind: "asked";
  readonly action: "assign" | "release" | "wipe";
  readonly machine: string;
}

export interface Event {
  readonly atMs: number;
  readonly what: Fault | Deed;
}

export interface ScheduleOptions {
  readonly seed: number;
  readonly minutes: number;
  readonly machines: readonly string[];
  /** Those with a pxe-server of their own. */
  readonly networks: readonly string[];
}

/**
 * Between two events, at most. A machine of three meets a power cut every two minutes by that, which is about what it
 * takes from power-on to a node that runs: some are cut off on their way, and others run for a while.
 */
const mostPauseMs = 15_000;

export function scheduleOf({ seed, minutes, machines, networks }: ScheduleOptions): Event[] {
  const random = randomFrom(seed);
  const endMs = minutes * 60_000;
  const events: Event[] = [];
  /** What is broken already cannot be broken again before it is whole. */
  const brokenUntil = new Map<string, number>();
  for (let atMs = 0; ; ) {
    atMs += between(random, 1_000, mostPauseMs);
    if (atMs >= endMs) return events;
    const what = draw(random, machines, networks);
    const target = "machine" in what ? what.machine : "network" in what ? what.network : "";
    const victim = `${what.kind} ${target}`;
    if ((brokenUntil.get(victim) ?? 0) > atMs) continue;
    if ("forMs" in what) brokenUntil.set(victim, atMs + what.forMs);
    events.push({ atMs, what });
  }
}

function draw(random: Random, machines: readonly string[], networks: readonly string[]): Event["what"] {
  const machine = oneOf(random, machines);
  const forMs = between(random, 500, 20_000);
  const percent = between(random, 1, 40);
  const choices: readonly Event["what"][] = [
    { kind: "power cut", machine, forMs },
    { kind: "power cut", machine, forMs },
    { kind: "link down", machine, forMs },
    { kind: "packet loss", machine, percent, forMs },
    { kind: "BMC hangs", machine, forMs },
    { kind: "provisioner killed", forMs },
    { kind: "disk full", forMs },
    { kind: "asked", action: "assign", machine },
    { kind: "asked", action: "release", machine },
    { kind: "asked", action: "wipe", machine },
    ...networks.map((network) => ({ kind: "pxe-server killed", network, forMs }) as const),
  ];
  return oneOf(random, choices);
}
