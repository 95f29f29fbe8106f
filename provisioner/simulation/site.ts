import type { Clock } from "../../cosi/clock.ts";
import type { ResourceOf, SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import type { BootMode } from "../decisions/boot-mode.ts";
import type { AgentOrder } from "../resources/agent-order.ts";
import type { AgentReport } from "../resources/agent-report.ts";
import type { Random } from "./random.ts";

/** How badly things go, each as a likelihood. All of them end when the faults do. */
export interface Faults {
  /** A power command is acknowledged, and nothing comes of it. */
  lostCommand: number;
  /** A BMC does not answer. */
  silentBmc: number;
  /** A BMC says on for off, or off for on. */
  lyingBmc: number;
  /** The wish to boot from the network once is forgotten. */
  lostBootOrder: number;
}

export const noFaults: Readonly<Faults> = { lostCommand: 0, silentBmc: 0, lyingBmc: 0, lostBootOrder: 0 };

export interface Hardware {
  readonly bmc: boolean;
  readonly networkFirst: boolean;
  /** No wipe of it ever succeeds. */
  readonly badDisk: boolean;
  readonly diskless: boolean;
}

/** A machine as a provisioner may see it. */
export interface Guest {
  readonly id: string;
  readonly hardware: Hardware;
  /** In the address by which its system calls home: the wipe after which it was installed. */
  readonly installedAfter: number;
}

export type Outcome = SpecOf<typeof AgentReport>["outcome"];

export interface Told {
  readonly number: number;
  readonly outcome: Outcome;
}

/** The machine's end of an agent's stream. */
export interface Peer {
  readonly machine: Guest;
  readonly kernelBootId: string;
  readonly knows: (order: string) => boolean;
  readonly receive: (order: ResourceOf<typeof AgentOrder>) => void;
  /** The outcome is stored. */
  readonly settle: (order: string) => void;
  /** What a hello tells. */
  readonly unsettled: () => readonly (readonly [order: string, told: Told])[];
  /** The stream broke, whoever cut it. */
  readonly lose: () => void;
}

export interface Plan {
  readonly mode: BootMode;
  readonly wipedAt: number;
}

/** What a provisioner does for machines. */
export interface Services {
  readonly plan: (machine: Guest) => Promise<Plan>;
  readonly attach: (agent: Peer) => void;
  readonly detach: (agent: Peer) => void;
  readonly take: (agent: Peer, order: string, told: Told) => void;
  /** True when there is nothing to tell any more. */
  readonly phoneHome: (machine: Guest) => Promise<boolean>;
  /** The network breaks one stream; the service notices. */
  readonly drop: (agent: Peer) => void;
}

/** What machines, BMCs and the provisioner of one history share. */
export interface Site {
  readonly clock: Clock;
  readonly random: Random;
  /** As people see the store, whatever process lives. */
  readonly people: State;
  readonly faults: Faults;
  /** Of the provisioner that lives now; undefined while none does. */
  services: Services | undefined;
  /** Inside the provisioner it dies with it, and nobody hears what machines ask meanwhile. */
  readonly pxeServer: "onItsOwn" | "inside";
  /** When a pxe-server inside a provisioner was last seen. */
  heardAt: Date | undefined;
  /** Which machine asked what to boot while no provisioner lived, and when: its pxe-server tells the next one. */
  readonly turnedAway: Map<string, Date>;
  /** What must never happen, and did. */
  readonly violations: string[];
  readonly story: (line: string) => void;
}
