// A client's UDP socket without Node's layers: system calls into buffers that are used again and again. A window goes
// to the kernel in one call, which cuts it into packets (UDP_SEGMENT, Linux 4.18).
import { checked, errorName, internetAddress, setInt, socketCalls } from "../c-library.ts";
import type { Endpoint } from "./own-port.ts";

// Linux: <bits/socket.h>, <linux/udp.h>.
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const SOL_UDP = 17;
const UDP_SEGMENT = 103;

/** The kernel cuts one call's bytes into at most so many packets, and takes no more bytes than one datagram has. */
const maxSegments = 64;
const maxCallBytes = 65_507;

/** ACKs and ERRORs; what is longer is cut, and was nothing of TFTP. */
const received = Buffer.alloc(1024);

export class KernelSocket implements Disposable {
  readonly fd: number;
  #segmentBytes = 0;

  constructor(localAddress: string, client: Endpoint) {
    const type = SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK;
    this.fd = checked(socketCalls.socket(AF_INET, type, 0), "make a socket", localAddress);
    try {
      checked(socketCalls.bind(this.fd, internetAddress(localAddress, 0), 16), "bind", localAddress);
      const to = internetAddress(client.address, client.port);
      checked(socketCalls.connect(this.fd, to, 16), "connect", client.address);
    } catch (error) {
      socketCalls.close(this.fd);
      throw error;
    }
  }

  /** For the packets of one window. Where the kernel or the interface cannot do it, they leave one by one. */
  cutInto(packetBytes: number): void {
    if (setInt(this.fd, SOL_UDP, UDP_SEGMENT, packetBytes) === 0) this.#segmentBytes = packetBytes;
  }

  /** The next packet, valid until the next call. `gone`: the client's port is closed. */
  receive(): Uint8Array | "gone" | undefined {
    const size = socketCalls.receive(this.fd, received, received.length, 0) as number;
    if (size >= 0) return received.subarray(0, size);
    return errorName() === "ECONNREFUSED" ? "gone" : undefined;
  }

  /** One or more packets of `packetBytes` each; the last may be shorter. */
  send(packets: Uint8Array, packetBytes: number): void {
    if (this.#segmentBytes === packetBytes && packets.length > packetBytes) {
      const callBytes = packetBytes * Math.min(maxSegments, Math.floor(maxCallBytes / packetBytes));
      if (this.#sendIn(packets, callBytes)) return;
      // No checksum offload, a smaller MTU: the kernel refuses. One by one it is then.
      setInt(this.fd, SOL_UDP, UDP_SEGMENT, 0);
      this.#segmentBytes = 0;
    }
    this.#sendIn(packets, packetBytes);
  }

  /** False if the kernel will not cut. What is lost otherwise is lost as on any wire, and sent again. */
  #sendIn(packets: Uint8Array, callBytes: number): boolean {
    for (let at = 0; at < packets.length; at += callBytes) {
      const piece = at === 0 && packets.length <= callBytes ? packets : packets.subarray(at, at + callBytes);
      const result = socketCalls.send(this.fd, piece, piece.length, 0) as number;
      if (result < 0 && ["EIO", "EINVAL", "EMSGSIZE"].includes(errorName())) return false;
    }
    return true;
  }

  [Symbol.dispose](): void {
    socketCalls.close(this.fd);
  }
}
