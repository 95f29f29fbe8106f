// What a switch's port does to the frames of one network card: tags and untags them, and keeps them for itself while its
// bond is not made. Pure: what it lets through, it returns.
import { answerLacp, isInBond, isLacp, type LacpPort } from "./lacp.ts";

export interface PortDescription {
  /** The network comes with this tag: the machine must use it, and what it sends untagged is dropped. */
  readonly vlan?: number | undefined;
  /** The ports of one name are one bond. */
  readonly bond?: BondDescription | undefined;
}

export interface BondDescription {
  readonly name: string;
  /** What the ports do until the machine speaks LACP: nothing, or what a port without a bond does. */
  readonly until: "nothing" | "forwards";
}

/** Frames to pass on, each way. */
export interface Passed {
  readonly toNetwork: readonly Buffer[];
  readonly toMachine: readonly Buffer[];
}

/** What the ports of one bond know together. */
export class BondGroup {
  readonly system: Buffer;
  /** Ports on which the machine passes frames, by number. */
  readonly members = new Set<number>();
  /** Addresses that the machine uses. */
  readonly machine = new Set<string>();
  speaksLacp = false;

  constructor(system: Buffer) {
    this.system = system;
  }
}

export class SwitchPort {
  readonly #description: PortDescription;
  readonly #number: number;
  readonly #group: BondGroup | undefined;

  /** `group`: of its bond; `number`: of this port among all. */
  constructor(description: PortDescription, number: number, group: BondGroup | undefined) {
    this.#description = description;
    this.#number = number;
    this.#group = group;
  }

  /** The link went down. */
  reset(): void {
    this.#group?.members.delete(this.#number);
    if (this.#group?.members.size === 0) this.#group.speaksLacp = false;
  }

  fromMachine(frame: Buffer): Passed {
    if (isLacp(frame)) return this.#group ? this.#lacp(frame, this.#group) : nothing;
    if (!this.#forwards()) return nothing;
    this.#group?.machine.add(sourceOf(frame));
    const { vlan } = this.#description;
    if (vlan === undefined) return { toNetwork: [frame], toMachine: [] };
    return tagOf(frame) === vlan ? { toNetwork: [withoutTag(frame)], toMachine: [] } : nothing;
  }

  fromNetwork(frame: Buffer): Passed {
    if (!this.#forwards()) return nothing;
    if (this.#group && !this.#isForThisPort(frame, this.#group)) return nothing;
    const { vlan } = this.#description;
    return { toNetwork: [], toMachine: [vlan === undefined ? frame : withTag(frame, vlan)] };
  }

  #lacp(frame: Buffer, group: BondGroup): Passed {
    const port: LacpPort = { system: group.system, key: 1, port: this.#number };
    group.speaksLacp = true;
    if (isInBond(frame, port)) group.members.add(this.#number);
    else group.members.delete(this.#number);
    return { toNetwork: [], toMachine: [answerLacp(frame, port)] };
  }

  #forwards(): boolean {
    const group = this.#group;
    if (!group || group.members.has(this.#number)) return true;
    return !group.speaksLacp && this.#description.bond?.until === "forwards";
  }

  /** The switch floods its ports one by one; a bond gets each frame once, and never its own back. */
  #isForThisPort(frame: Buffer, { members, machine, speaksLacp }: BondGroup): boolean {
    if (!speaksLacp) return true;
    const isGroupAddress = (frame[0]! & 1) === 1;
    return !machine.has(sourceOf(frame)) && (!isGroupAddress || [...members][0] === this.#number);
  }
}

const nothing: Passed = { toNetwork: [], toMachine: [] };

const sourceOf = (frame: Buffer) => frame.toString("hex", 6, 12);

// IEEE 802.1Q-2018, 9.5: the tag stands behind the two addresses.
const tagAt = 12;
const tagBytes = 4;
const tagProtocol = 0x8100;
const tagOf = (frame: Buffer) =>
  frame.length >= tagAt + tagBytes && frame.readUInt16BE(tagAt) === tagProtocol
    ? frame.readUInt16BE(tagAt + 2) & 0xfff
    : undefined;
const withoutTag = (frame: Buffer) =>
  Buffer.concat([frame.subarray(0, tagAt), frame.subarray(tagAt + tagBytes)]);

function withTag(frame: Buffer, vlan: number): Buffer {
  const tag = Buffer.alloc(tagBytes);
  tag.writeUInt16BE(tagProtocol);
  tag.writeUInt16BE(vlan, 2);
  return Buffer.concat([frame.subarray(0, tagAt), tag, frame.subarray(tagAt)]);
}
