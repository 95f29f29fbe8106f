// What the kernel says of devices that come and go (Linux, Documentation/ABI/testing/sysfs-uevent): an `action@path`
// line and the device's properties, each ended by a NUL.
import { RawSocket, socketFamily, socketType } from "./raw-socket.ts";

const NETLINK_KOBJECT_UEVENT = 15;
/** Group 1 is the kernel itself; group 2 would be udev. */
const fromKernel = 1;

export interface Uevent {
  readonly action: string;
  /** Below /sys. */
  readonly path: string;
  /** SUBSYSTEM, MODALIAS, DEVNAME … */
  readonly properties: ReadonlyMap<string, string>;
}

/** Undefined for what has not the form of the kernel's own messages. */
export function parseUevent(datagram: Uint8Array): Uevent | undefined {
  const [head = "", ...lines] = Buffer.from(datagram).toString("utf8").split("\0");
  const at = head.indexOf("@");
  if (at <= 0 || head.startsWith("libudev")) return undefined;
  const properties = new Map<string, string>();
  for (const line of lines) {
    const equals = line.indexOf("=");
    if (equals > 0) properties.set(line.slice(0, equals), line.slice(equals + 1));
  }
  return { action: head.slice(0, at), path: head.slice(at + 1), properties };
}

export interface UeventsOptions {
  readonly seen: (uevent: Uevent) => void;
  /** Some were lost: look at /sys again. */
  readonly overrun: () => void;
  readonly failed: (error: Error) => void;
}

export class Uevents implements Disposable {
  readonly #socket: RawSocket;

  constructor({ seen, overrun, failed }: UeventsOptions) {
    // struct sockaddr_nl: family, port (0: the kernel chooses), groups.
    const address = Buffer.alloc(12);
    address.writeUInt16LE(socketFamily.netlink, 0);
    address.writeUInt32LE(fromKernel, 8);
    this.#socket = new RawSocket({
      family: socketFamily.netlink,
      type: socketType.datagram,
      protocol: NETLINK_KOBJECT_UEVENT,
      bind: address,
      received(datagram) {
        const uevent = parseUevent(datagram);
        if (uevent) seen(uevent);
      },
      overrun,
      failed,
    });
  }

  /** Takes what has arrived already, without waiting for the event loop's turn. */
  drain(): void {
    this.#socket.drain();
  }

  [Symbol.dispose](): void {
    this.#socket[Symbol.dispose]();
  }
}
