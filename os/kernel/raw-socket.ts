// Sockets of the families that Node does not know: netlink, packet. Non-blocking, joined to the event loop.
import { closeSync } from "node:fs";
import { type PollHandle, poll, SyscallError, syscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

// Linux, include/linux/socket.h and include/linux/net.h
export const socketFamily = { netlink: 16, packet: 17 } as const;
export const socketType = { datagram: 2, raw: 3 } as const;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const MSG_DONTWAIT = 0x40;
const MSG_TRUNC = 0x20;

export interface RawSocketOptions {
  readonly family: number;
  readonly type: number;
  readonly protocol: number;
  /** A sockaddr of the family. */
  readonly bind?: Uint8Array;
  readonly received: (datagram: Uint8Array) => void;
  /** The kernel had to drop datagrams: what was told by them must be asked for. */
  readonly overrun: () => void;
  /** The socket is of no more use. */
  readonly failed: (error: Error) => void;
}

const receiveSize = 256 * 1024;

export class RawSocket implements Disposable {
  readonly fd: number;
  readonly #options: RawSocketOptions;
  readonly #buffer = Buffer.alloc(receiveSize);
  // koffi forgets a poll whose handle nobody holds.
  readonly #poll: PollHandle;
  #closed = false;

  constructor(options: RawSocketOptions) {
    const { family, type, protocol, bind } = options;
    this.#options = options;
    this.fd = syscall("open a socket", numbers.socket, family, type | SOCK_CLOEXEC | SOCK_NONBLOCK, protocol);
    try {
      if (bind) syscall("bind a socket", numbers.bind, this.fd, bind, bind.length);
      this.#poll = poll(this.fd, () => this.drain());
    } catch (error) {
      closeSync(this.fd);
      throw error;
    }
  }

  send(datagram: Uint8Array, to: Uint8Array | null = null): void {
    syscall("send", numbers.sendto, this.fd, datagram, datagram.length, 0, to, to?.length ?? 0);
  }

  [Symbol.dispose](): void {
    this.#closed = true;
    this.#poll.close();
    closeSync(this.fd);
  }

  /** Hands over everything that has arrived. */
  drain(): void {
    while (!this.#closed) {
      try {
        const size = syscall(
          "receive",
          numbers.recvfrom,
          this.fd,
          this.#buffer,
          receiveSize,
          MSG_DONTWAIT | MSG_TRUNC,
          null,
          null,
        );
        if (size > receiveSize) this.#options.overrun();
        else this.#options.received(Uint8Array.from(this.#buffer.subarray(0, size)));
      } catch (error) {
        if (!(error instanceof SyscallError)) throw error;
        if (error.code === "EAGAIN") return;
        if (error.code === "ENOBUFS") {
          this.#options.overrun();
        } else if (error.code !== "EINTR") {
          this.#options.failed(error);
          return;
        }
      }
    }
  }
}
