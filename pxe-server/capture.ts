// `--capture`: our own DHCP and TFTP packets in a file that every packet analyser reads, for bug reports. Sockets
// show only what is inside UDP, so the headers around it are made up: true in addresses and ports, and in the
// machine's MAC where DHCP tells it.

import type { Socket } from "node:dgram";
import { once } from "node:events";
import { createWriteStream, type WriteStream } from "node:fs";
import { rename } from "node:fs/promises";
import type { Clock } from "./clock.ts";
import { addressNumber } from "./dhcp/subnet.ts";

interface End {
  readonly address: string;
  readonly port: number;
}

export interface CaptureOptions {
  readonly path: string;
  /** Then the file becomes `path.1`, in place of the one before, and a new one begins. */
  readonly maxBytes: number;
  readonly clock: Clock;
  readonly onWarning: (text: string) => void;
}

/** What waits for a disk that is slow; packets on top of that are left out. */
const maxWaitingBytes = 16 << 20;
const clientPorts: ReadonlySet<number> = new Set([67, 68, 4011]);

export class Capture implements AsyncDisposable {
  readonly #options: CaptureOptions;
  #file: WriteStream;
  #sizeBytes = 0;
  #turning: Promise<void> | undefined;
  #left = 0;

  constructor(options: CaptureOptions) {
    this.#options = options;
    this.#file = this.#begin();
  }

  /** Records what this socket sends and receives. `ours` stands for it where it is bound to every address. */
  tap(socket: Socket, ours: string): Socket {
    const here = (): End => {
      const { address, port } = socket.address();
      return { address: address === "0.0.0.0" ? ours : address, port };
    };
    socket.on("message", (bytes, from) => {
      const isBroadcast = from.address === "0.0.0.0";
      this.record(from, isBroadcast ? { ...here(), address: "255.255.255.255" } : here(), bytes);
    });
    const send = socket.send.bind(socket) as (...args: unknown[]) => void;
    socket.send = (bytes: unknown, ...more: unknown[]) => {
      send(bytes, ...more);
      if (!(bytes instanceof Uint8Array)) return;
      // (bytes, port, address), (bytes, offset, length, port, address), or (bytes, offset, length) when connected.
      const isPart = typeof more[1] === "number";
      const part = isPart ? bytes.subarray(Number(more[0]), Number(more[0]) + Number(more[1])) : bytes;
      const [port, address] = isPart ? more.slice(2) : more;
      const to = typeof port === "number" ? { port, address: String(address) } : socket.remoteAddress();
      this.record(here(), to, part);
    };
    return socket;
  }

  record(from: End, to: End, bytes: Uint8Array): void {
    if (this.#turning || this.#file.destroyed || this.#file.writableLength > maxWaitingBytes) {
      this.#left++;
      return;
    }
    const record = pcapRecord(this.#options.clock.now(), ethernet(from, to, bytes));
    this.#file.write(record);
    this.#sizeBytes += record.length;
    if (this.#sizeBytes > this.#options.maxBytes) this.#turning = this.#turn();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#turning;
    await ended(this.#file);
    if (this.#left > 0) this.#options.onWarning(`${this.#left} packets are not in ${this.#options.path}`);
  }

  #begin(): WriteStream {
    const { path, onWarning } = this.#options;
    const file = createWriteStream(path, { mode: 0o600 });
    file.on("error", (error) => onWarning(`cannot capture to ${path}: ${error.message}`));
    file.write(pcapHeader());
    this.#sizeBytes = 24;
    return file;
  }

  async #turn(): Promise<void> {
    const { path } = this.#options;
    await ended(this.#file);
    await rename(path, `${path}.1`).catch((error: unknown) => this.#options.onWarning(String(error)));
    this.#file = this.#begin();
    this.#turning = undefined;
  }
}

async function ended(file: WriteStream): Promise<void> {
  if (file.destroyed) return;
  file.end();
  await once(file, "close").catch(() => undefined);
}

/** https://www.ietf.org/archive/id/draft-ietf-opsawg-pcap-04.html §4: microseconds, Ethernet. */
function pcapHeader(): Buffer {
  const header = Buffer.alloc(24);
  header.writeUInt32LE(0xa1b2c3d4, 0);
  header.writeUInt16LE(2, 4);
  header.writeUInt16LE(4, 6);
  header.writeUInt32LE(1 << 18, 16);
  header.writeUInt32LE(1, 20);
  return header;
}

function pcapRecord(atMs: number, frame: Buffer): Buffer {
  const header = Buffer.alloc(16);
  header.writeUInt32LE(Math.floor(atMs / 1000), 0);
  header.writeUInt32LE(Math.floor((atMs % 1000) * 1000), 4);
  header.writeUInt32LE(frame.length, 8);
  header.writeUInt32LE(frame.length, 12);
  return Buffer.concat([header, frame]);
}

/** Ethernet, IPv4 without options (RFC 791 §3.1), UDP (RFC 768; a checksum of 0 says that there is none). */
function ethernet(from: End, to: End, bytes: Uint8Array): Buffer {
  const frame = Buffer.alloc(14 + 20 + 8 + bytes.length);
  frame.set(macOf(to, to.port !== 67 ? bytes : undefined), 0);
  frame.set(macOf(from, from.port !== 67 ? bytes : undefined), 6);
  frame.writeUInt16BE(0x0800, 12);
  const ip = frame.subarray(14, 34);
  ip[0] = 0x45;
  ip.writeUInt16BE(20 + 8 + bytes.length, 2);
  ip[8] = 64;
  ip[9] = 17;
  ip.writeUInt32BE(addressNumber(from.address), 12);
  ip.writeUInt32BE(addressNumber(to.address), 16);
  ip.writeUInt16BE(checksum(ip), 10);
  frame.writeUInt16BE(from.port, 34);
  frame.writeUInt16BE(to.port, 36);
  frame.writeUInt16BE(8 + bytes.length, 38);
  frame.set(bytes, 42);
  return frame;
}

/** A client's MAC is in its DHCP packets (chaddr, RFC 2131 §2); any other is made of the address. */
function macOf({ address, port }: End, bytes: Uint8Array | undefined): Uint8Array {
  if (address === "255.255.255.255") return new Uint8Array(6).fill(0xff);
  if (bytes && clientPorts.has(port) && bytes.length >= 34) return bytes.subarray(28, 34);
  const mac = Buffer.from([2, 0, 0, 0, 0, 0]);
  mac.writeUInt32BE(addressNumber(address), 2);
  return mac;
}

/** RFC 1071. */
function checksum(header: Buffer): number {
  let sum = 0;
  for (let at = 0; at < header.length; at += 2) sum += header.readUInt16BE(at);
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16);
  return ~sum & 0xffff;
}
