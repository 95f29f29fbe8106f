// The BMC of this machine, behind the kernel's driver (Linux, include/uapi/linux/ipmi.h). Needs the module ipmi_devintf.
import { closeSync, constants, openSync } from "node:fs";
import type { RawRequest, RawResponse } from "../../bmc/ipmi/command.ts";
import type { HostDevice } from "../../bmc/ipmi/host-transport.ts";
import { addressOf, type PollHandle, poll, SyscallError, syscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

const IPMICTL_SEND_COMMAND = 0x8028690d;
const IPMICTL_RECEIVE_MSG_TRUNC = 0xc030690b;
const IPMI_SYSTEM_INTERFACE_ADDR_TYPE = 0x0c;
const IPMI_BMC_CHANNEL = 0x0f;
const IPMI_RESPONSE_RECV_TYPE = 1;
/** IPMI_MAX_MSG_LENGTH */
const mostBytes = 272;

type Listener = (id: number, response: RawResponse) => void;

export class IpmiDevice implements HostDevice {
  readonly path: string;
  readonly #fd: number;
  readonly #poll: PollHandle;
  readonly #listeners = new Set<Listener>();
  #closed = false;

  constructor(path = "/dev/ipmi0") {
    this.path = path;
    this.#fd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
    try {
      this.#poll = poll(this.#fd, () => this.#receive());
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  send(id: number, { netFn, lun, code, data }: RawRequest): void {
    const address = Buffer.alloc(8);
    address.writeInt32LE(IPMI_SYSTEM_INTERFACE_ADDR_TYPE, 0);
    address.writeInt16LE(IPMI_BMC_CHANNEL, 4);
    address.writeUInt8(lun, 6);

    // struct ipmi_req: the address and its length, an id, then struct ipmi_msg.
    const request = Buffer.alloc(40);
    request.writeBigUInt64LE(addressOf(address), 0);
    request.writeUInt32LE(address.length, 8);
    request.writeBigInt64LE(BigInt(id), 16);
    request.writeUInt8(netFn, 24);
    request.writeUInt8(code, 25);
    request.writeUInt16LE(data.length, 26);
    request.writeBigUInt64LE(data.length === 0 ? 0n : addressOf(data), 32);
    syscall(`send a command by ${this.path}`, numbers.ioctl, this.#fd, IPMICTL_SEND_COMMAND, request);
  }

  listen(listener: Listener): Disposable {
    this.#listeners.add(listener);
    return { [Symbol.dispose]: () => this.#listeners.delete(listener) };
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#poll.close();
    closeSync(this.#fd);
  }

  #receive(): void {
    while (!this.#closed) {
      const answer = this.#take();
      if (!answer) return;
      for (const listener of [...this.#listeners]) listener(answer.id, answer.response);
    }
  }

  /** Undefined when there is nothing more. What the kernel refuses to give is missed by whoever waits for it. */
  #take(): { readonly id: number; readonly response: RawResponse } | undefined {
    const address = Buffer.alloc(64);
    const data = Buffer.alloc(mostBytes);
    // struct ipmi_recv: its kind, the address and its length, the id of the request, then struct ipmi_msg.
    const message = Buffer.alloc(48);
    for (;;) {
      message.writeBigUInt64LE(addressOf(address), 8);
      message.writeUInt32LE(address.length, 16);
      message.writeUInt16LE(data.length, 34);
      message.writeBigUInt64LE(addressOf(data), 40);
      try {
        syscall("receive an answer", numbers.ioctl, this.#fd, IPMICTL_RECEIVE_MSG_TRUNC, message);
      } catch (error) {
        // EMSGSIZE: it was cut at our size, which is the largest there is.
        if (!(error instanceof SyscallError)) throw error;
        if (error.code !== "EMSGSIZE") return undefined;
      }
      if (message.readInt32LE(0) !== IPMI_RESPONSE_RECV_TYPE) continue;
      const size = message.readUInt16LE(34);
      return {
        id: Number(message.readBigInt64LE(24)),
        response: { completion: data.readUInt8(0), data: data.subarray(1, size) },
      };
    }
  }
}
