// Is somebody using this address already? Asked by ARP (RFC 5227 §2.1.1) before an address is offered for the first
// time: every host answers that, also one with a firewall, and the kernel's own table is not filled with guesses.
import { checked, socketCalls } from "../c-library.ts";
import type { Clock } from "../clock.ts";
import { macOf } from "../mac.ts";
import { addressNumber } from "./subnet.ts";

// Linux: <bits/socket.h>, <linux/if_packet.h>, <linux/if_ether.h>.
const AF_PACKET = 17;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const ETH_P_ARP = 0x0806;

/** The raw frames of one interface. */
export interface FrameSocket extends Disposable {
  readonly mac: string;
  send(frame: Uint8Array): void;
  /** Undefined when nothing has come. */
  receive(): Uint8Array | undefined;
}

export function openArpSocket(device: string): FrameSocket {
  const network = Buffer.alloc(2);
  network.writeUInt16BE(ETH_P_ARP);
  const type = SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK;
  const fd = checked(socketCalls.socket(AF_PACKET, type, network.readUInt16LE()), "ask by ARP", device);
  const index = Number(socketCalls.interfaceIndex(device));
  // struct sockaddr_ll; index 0 would be every interface.
  if (index === 0) {
    socketCalls.close(fd);
    throw new Error(`Cannot ask by ARP on ${device}: there is no such interface`);
  }
  const address = Buffer.alloc(20);
  address.writeUInt16LE(AF_PACKET, 0);
  address.writeUInt16BE(ETH_P_ARP, 2);
  address.writeInt32LE(index, 4);
  let mac: string;
  try {
    checked(socketCalls.bind(fd, address, address.length), "listen to ARP", device);
    mac = ethernetAddress(fd, device);
  } catch (error) {
    socketCalls.close(fd);
    throw error;
  }
  const room = Buffer.alloc(64);
  return {
    mac,
    send: (frame) => void socketCalls.sendTo(fd, frame, frame.length, 0, address, address.length),
    receive: () => {
      const size = Number(socketCalls.receiveFrom(fd, room, room.length, 0, null, null));
      return size < 0 ? undefined : room.subarray(0, Math.min(size, room.length));
    },
    [Symbol.dispose]: () => void socketCalls.close(fd),
  };
}

/** As the kernel fills it into sockaddr_ll: the link need not be up yet. */
function ethernetAddress(fd: number, device: string): string {
  const address = Buffer.alloc(20);
  const size = Buffer.alloc(4);
  size.writeUInt32LE(address.length);
  checked(socketCalls.localAddress(fd, address, size), "read the Ethernet address", device);
  const mac = address[11] === 6 ? macOf(address.toString("hex", 12, 18)) : undefined;
  if (!mac) throw new Error(`Cannot ask by ARP on ${device}: it has no Ethernet address`);
  return mac;
}

/** A host of this segment answers within a millisecond; every offer of a new address waits this long. */
const answerMs = 100;
const lookMs = 10;
/** One that answers for more addresses than this is a router that answers for everybody (proxy ARP). */
const mostAddressesOfOne = 16;

export interface ConflictProbe extends Disposable {
  /** The MAC of another machine that has the address now. */
  holder(address: string, mac: string): Promise<string | undefined>;
}

export function openConflictProbe(options: {
  readonly socket: FrameSocket;
  readonly clock: Clock;
  readonly onWarning: (text: string) => void;
}): ConflictProbe {
  return new Probe(options);
}

class Probe implements ConflictProbe {
  readonly #socket: FrameSocket;
  readonly #clock: Clock;
  readonly #onWarning: (text: string) => void;
  /** Who answers, for the addresses in question. */
  readonly #asked = new Map<number, string | undefined>();
  readonly #claims = new Map<string, Set<number>>();
  readonly #closed = new AbortController();
  #looking: Disposable | undefined;

  constructor({ socket, clock, onWarning }: Parameters<typeof openConflictProbe>[0]) {
    this.#socket = socket;
    this.#clock = clock;
    this.#onWarning = onWarning;
  }

  async holder(address: string, mac: string): Promise<string | undefined> {
    const ours = this.#socket.mac;
    const wanted = addressNumber(address);
    this.#drain();
    if (!this.#asked.has(wanted)) this.#asked.set(wanted, undefined);
    this.#socket.send(arpProbe(ours, wanted));
    this.#keepLooking();
    await this.#clock.sleep(answerMs, this.#closed.signal).catch(() => undefined);
    if (this.#closed.signal.aborted) return undefined;
    this.#drain();
    const holder = this.#asked.get(wanted);
    this.#asked.delete(wanted);
    return holder === mac || holder === ours ? undefined : holder;
  }

  [Symbol.dispose](): void {
    this.#looking?.[Symbol.dispose]();
    this.#closed.abort();
    this.#socket[Symbol.dispose]();
  }

  /** Its buffer is small, and a storm's machines all speak ARP: it is emptied as long as somebody waits. */
  #keepLooking(): void {
    if (this.#looking) return;
    this.#looking = this.#clock.every(lookMs, () => {
      if (this.#asked.size > 0) return this.#drain();
      this.#looking?.[Symbol.dispose]();
      this.#looking = undefined;
    });
  }

  #drain(): void {
    for (let frame = this.#socket.receive(); frame; frame = this.#socket.receive()) {
      const sender = arpSender(frame);
      if (sender && this.#asked.has(sender.address) && this.#isHost(sender)) {
        this.#asked.set(sender.address, sender.mac);
      }
    }
  }

  #isHost({ mac, address }: { mac: string; address: number }): boolean {
    const claims = this.#claims.get(mac) ?? new Set();
    if (claims.size > mostAddressesOfOne) return false;
    claims.add(address);
    this.#claims.set(mac, claims);
    if (claims.size > mostAddressesOfOne) {
      this.#onWarning(
        `${mac} answers ARP for every address: it is not believed when addresses are given out`,
      );
    }
    if (this.#claims.size > 1000) this.#claims.clear();
    return true;
  }
}

/** RFC 826; the sender's protocol address is 0.0.0.0, so that nobody learns a wrong one from the question. */
function arpProbe(mac: string, target: number): Buffer {
  const frame = Buffer.alloc(42);
  const ours = Buffer.from(mac.replaceAll(":", ""), "hex");
  frame.fill(0xff, 0, 6);
  frame.set(ours, 6);
  frame.writeUInt16BE(ETH_P_ARP, 12);
  frame.set([0, 1, 8, 0, 6, 4, 0, 1], 14);
  frame.set(ours, 22);
  frame.writeUInt32BE(target, 38);
  return frame;
}

/** Whoever says that he has an address, in an answer or in a question of his own. */
function arpSender(frame: Uint8Array): { mac: string; address: number } | undefined {
  if (frame.length < 42) return undefined;
  const bytes = Buffer.from(frame.buffer, frame.byteOffset, frame.length);
  const isArp = bytes.readUInt16BE(12) === ETH_P_ARP && bytes.readUInt32BE(14) === 0x00010800;
  const mac = macOf(bytes.toString("hex", 22, 28));
  return isArp && mac ? { mac, address: bytes.readUInt32BE(28) } : undefined;
}
