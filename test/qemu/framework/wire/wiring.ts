// The wires of one machine's network cards, those that need one: made at each power-on, broken with the machine.
import { createHash } from "node:crypto";
import type { NicDescription } from "../description.ts";
import { BondGroup, SwitchPort } from "./switch-port.ts";
import { Wire, type WireSockets } from "./wire.ts";

/** Whether the switch and the kernel alone cannot do what is said of it. */
export const needsWire = ({ cable: { latencyMs = 0, jitterMs = 0 } = {}, port }: NicDescription): boolean =>
  latencyMs > 0 || jitterMs > 0 || port?.vlan !== undefined || port?.bond !== undefined;

export const wireSockets = (file: (suffix: string) => string, nth: number): WireSockets => ({
  fromMachine: file(`wire${nth}a`),
  toNetwork: file(`wire${nth}b`),
  fromNetwork: file(`wire${nth}c`),
  toMachine: file(`wire${nth}d`),
});

export class Wiring {
  readonly #open: readonly (() => Wire)[];
  #wires: readonly Wire[] = [];

  constructor(nics: readonly NicDescription[], sockets: readonly (WireSockets | undefined)[]) {
    const groups = new Map<string, BondGroup>();
    const groupOf = ({ port, mac }: NicDescription) => {
      const name = port?.bond?.name;
      if (name === undefined) return undefined;
      const group = groups.get(name) ?? new BondGroup(switchAddress(`${name} of ${mac}`));
      groups.set(name, group);
      return group;
    };
    this.#open = nics.flatMap((nic, nth) => {
      const ends = sockets[nth];
      if (!ends) return [];
      const port = new SwitchPort(nic.port ?? {}, nth + 1, groupOf(nic));
      const { latencyMs = 0, jitterMs = 0 } = nic.cable ?? {};
      return [() => new Wire(ends, port, { latencyMs, jitterMs }, Math.random)];
    });
  }

  connect(): void {
    this.#wires = this.#open.map((open) => open());
  }

  disconnect(): void {
    for (const wire of this.#wires) wire[Symbol.dispose]();
    this.#wires = [];
  }
}

/** Locally administered, of one station. */
function switchAddress(text: string): Buffer {
  const address = createHash("sha256").update(text).digest().subarray(0, 6);
  address[0] = 0x02;
  return address;
}
