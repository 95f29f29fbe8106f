import type { Clock } from "../../cosi/clock.ts";
import type { State } from "../../cosi/state.ts";
import type { Random } from "./random.ts";
import type { SimulatedServices } from "./simulated-services.ts";

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

/** What machines, BMCs and the provisioner of one history share. */
export interface Site {
  readonly clock: Clock;
  readonly random: Random;
  /** As people see the store, whatever process lives. */
  readonly people: State;
  readonly faults: Faults;
  /** Of the provisioner that lives now; undefined while none does. */
  services: SimulatedServices | undefined;
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
