// A switch's half of LACP (IEEE 802.1AX-2014, 6.4.2.3): it answers each LACPDU, and so never speaks first.

const destination = Buffer.from("0180c2000002", "hex");
const slowProtocols = 0x8809;
const subtype = { at: 14, lacp: 1, version: 1 } as const;
/** Two octets of type and length, then what each says: the same 15 octets of actor and partner. */
const actor = { at: 16, type: 1, length: 20 } as const;
const partner = { at: 36, type: 2, length: 20 } as const;
const collector = { at: 56, type: 3, length: 16 } as const;
const info = { at: 2, system: 4, key: 10, portPriority: 12, port: 14, state: 16, end: 17 } as const;
const frameBytes = 124;

/** Bits of a port's state, 6.4.2.3 (l). */
const bit = {
  active: 0x01,
  shortTimeout: 0x02,
  aggregates: 0x04,
  inSync: 0x08,
  collects: 0x10,
  distributes: 0x20,
} as const;
const passes = bit.inSync | bit.collects | bit.distributes;

export interface LacpPort {
  /** Of the switch: the same on all ports of one bond. */
  readonly system: Uint8Array;
  readonly key: number;
  readonly port: number;
}

export const isLacp = (frame: Buffer): boolean =>
  frame.length >= frameBytes &&
  frame.readUInt16BE(12) === slowProtocols &&
  frame[subtype.at] === subtype.lacp;

/** Whether who sent it passes frames on this port, and knows that it is we on the other end. */
export function isInBond(frame: Buffer, { system, key }: LacpPort): boolean {
  const state = frame[actor.at + info.state]!;
  const named = frame.subarray(partner.at + info.system, partner.at + info.system + system.length);
  return (
    (state & passes) === passes && named.equals(system) && frame.readUInt16BE(partner.at + info.key) === key
  );
}

export function answerLacp(asked: Buffer, { system, key, port }: LacpPort): Buffer {
  const frame = Buffer.alloc(frameBytes);
  frame.set(destination);
  frame.set(system, destination.length);
  frame.writeUInt16BE(slowProtocols, 12);
  frame.set([subtype.lacp, subtype.version], subtype.at);
  for (const { at, type, length } of [actor, partner, collector]) frame.set([type, length], at);
  frame.writeUInt16BE(0x8000, actor.at + info.at);
  frame.set(system, actor.at + info.system);
  frame.writeUInt16BE(key, actor.at + info.key);
  frame.writeUInt16BE(0x80, actor.at + info.portPriority);
  frame.writeUInt16BE(port, actor.at + info.port);
  frame[actor.at + info.state] = bit.active | bit.shortTimeout | bit.aggregates | passes;
  frame.set(asked.subarray(actor.at + info.at, actor.at + info.end), partner.at + info.at);
  return frame;
}
