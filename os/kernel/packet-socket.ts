// Packets of one interface, before it has an address (packet(7)).
import { addressOf, syscall } from "./ffi.ts";
import { RawSocket, socketFamily, socketType } from "./raw-socket.ts";
import { numbers } from "./syscall-numbers.ts";

const ETH_P_IP = 0x0800;
const SOL_SOCKET = 1;
const SO_ATTACH_FILTER = 26;

export interface PacketSocketOptions {
  readonly interfaceIndex: number;
  /** Only UDP datagrams to this port are received. */
  readonly udpPort: number;
  readonly received: (packet: Uint8Array) => void;
  readonly failed: (error: Error) => void;
}

/** Sends and receives IPv4 packets; the kernel puts the Ethernet header before them. */
export class PacketSocket implements Disposable {
  readonly #socket: RawSocket;
  readonly #broadcast: Uint8Array;

  constructor({ interfaceIndex, udpPort, received, failed }: PacketSocketOptions) {
    this.#broadcast = linkAddress(interfaceIndex, "ff:ff:ff:ff:ff:ff");
    this.#socket = new RawSocket({
      family: socketFamily.packet,
      type: socketType.datagram,
      // In network order. Nothing arrives before it is bound, so nothing arrives unfiltered.
      protocol: 0,
      received,
      overrun: () => {},
      failed,
    });
    try {
      this.#attach(udpFilter(udpPort));
      const address = linkAddress(interfaceIndex);
      syscall("bind to the interface", numbers.bind, this.#socket.fd, address, address.length);
    } catch (error) {
      this.#socket[Symbol.dispose]();
      throw error;
    }
  }

  /** To every machine on the link. */
  broadcast(packet: Uint8Array): void {
    this.#socket.send(packet, this.#broadcast);
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }

  #attach(filter: readonly Instruction[]): void {
    const program = Buffer.concat(filter.map(encodeInstruction));
    // struct sock_fprog: how many instructions, where they are.
    const reference = Buffer.alloc(16);
    reference.writeUInt16LE(filter.length, 0);
    reference.writeBigUInt64LE(addressOf(program), 8);
    syscall(
      "attach a filter",
      numbers.setsockopt,
      this.#socket.fd,
      SOL_SOCKET,
      SO_ATTACH_FILTER,
      reference,
      reference.length,
    );
  }
}

/** struct sockaddr_ll */
function linkAddress(interfaceIndex: number, mac?: string): Uint8Array {
  const bytes = Buffer.alloc(20);
  bytes.writeUInt16LE(socketFamily.packet, 0);
  bytes.writeUInt16BE(ETH_P_IP, 2);
  bytes.writeInt32LE(interfaceIndex, 4);
  if (mac !== undefined) {
    bytes.writeUInt8(6, 11);
    Buffer.from(mac.replaceAll(":", ""), "hex").copy(bytes, 12);
  }
  return bytes;
}

type Instruction = readonly [code: number, ifTrue: number, ifFalse: number, value: number];

/** Classic BPF (Linux, Documentation/networking/filter.rst) over a packet that begins with its IPv4 header. */
function udpFilter(port: number): Instruction[] {
  return [
    [0x30, 0, 0, 9], // load byte: the protocol
    [0x15, 0, 6, 17], // UDP?
    [0x28, 0, 0, 6], // load half: the fragment's offset
    [0x45, 4, 0, 0x1fff], // a later fragment has no ports
    [0xb1, 0, 0, 0], // skip the IPv4 header
    [0x48, 0, 0, 2], // load half: the destination port
    [0x15, 0, 1, port],
    [0x06, 0, 0, 0xffff], // take it
    [0x06, 0, 0, 0], // drop it
  ];
}

function encodeInstruction([code, ifTrue, ifFalse, value]: Instruction): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeUInt16LE(code, 0);
  bytes.writeUInt8(ifTrue, 2);
  bytes.writeUInt8(ifFalse, 3);
  bytes.writeUInt32LE(value, 4);
  return bytes;
}
