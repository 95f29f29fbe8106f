// Frames of the Link Layer Discovery Protocol on one interface (packet(7)).
import { syscall } from "./ffi.ts";
import { RawSocket, socketFamily, socketType } from "./raw-socket.ts";
import { numbers } from "./syscall-numbers.ts";

const ETH_P_LLDP = 0x88cc;
const SOL_PACKET = 263;
const PACKET_ADD_MEMBERSHIP = 1;
/** IEEE 802.1AB §7.1: to the nearest bridge, which no switch passes on. */
const nearestBridge = [0x01, 0x80, 0xc2, 0x00, 0x00, 0x0e];

export interface LldpSocketOptions {
  readonly interfaceIndex: number;
  /** What follows the Ethernet header. */
  readonly received: (payload: Uint8Array) => void;
  readonly failed: (error: Error) => void;
}

export class LldpSocket implements Disposable {
  readonly #socket: RawSocket;

  constructor({ interfaceIndex, received, failed }: LldpSocketOptions) {
    // Nothing arrives before it is bound to its protocol and interface.
    this.#socket = new RawSocket({
      ...{ family: socketFamily.packet, type: socketType.datagram, protocol: 0 },
      received,
      overrun: () => {},
      failed,
    });
    try {
      // struct sockaddr_ll
      const address = Buffer.alloc(20);
      address.writeUInt16LE(socketFamily.packet, 0);
      address.writeUInt16BE(ETH_P_LLDP, 2);
      address.writeInt32LE(interfaceIndex, 4);
      syscall("bind to the interface", numbers.bind, this.#socket.fd, address, address.length);
      // struct packet_mreq: interface, PACKET_MR_MULTICAST, size of the address, the address.
      const request = Buffer.alloc(16);
      request.writeInt32LE(interfaceIndex, 0);
      request.writeUInt16LE(nearestBridge.length, 6);
      Buffer.from(nearestBridge).copy(request, 8);
      syscall(
        "join the LLDP group",
        numbers.setsockopt,
        this.#socket.fd,
        SOL_PACKET,
        PACKET_ADD_MEMBERSHIP,
        request,
        request.length,
      );
    } catch (error) {
      this.#socket[Symbol.dispose]();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
