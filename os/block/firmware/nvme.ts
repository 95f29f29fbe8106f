// NVMe admin commands (NVM Express Base Specification 2.0), as the kernel passes them through.
import { addressOf, blockingSyscall, syscall } from "../../kernel/ffi.ts";
import { numbers } from "../../kernel/syscall-numbers.ts";

export interface NvmeCommand {
  readonly opcode: number;
  readonly namespace?: number;
  readonly cdw10?: number;
  readonly cdw11?: number;
  /** How much comes back. */
  readonly answerBytes?: number;
  readonly timeoutMs?: number;
}

export interface Nvme {
  /** Of the device that was opened. */
  readonly namespace: number;
  /** Rejects with the status when the controller says anything but "successful". */
  admin(what: string, command: NvmeCommand): Promise<Uint8Array>;
}

// Linux, include/uapi/linux/nvme_ioctl.h
const NVME_IOCTL_ID = 0x4e40;
const NVME_IOCTL_ADMIN_CMD = 0xc0484e41;
const usualTimeoutMs = 60_000;

export function openNvme(fd: number): Nvme {
  return {
    namespace: syscall("ask for the namespace", numbers.ioctl, fd, NVME_IOCTL_ID),
    async admin(what, command) {
      const answer = Buffer.alloc(command.answerBytes ?? 0);
      const status = await blockingSyscall(
        what,
        numbers.ioctl,
        fd,
        NVME_IOCTL_ADMIN_CMD,
        encodeCommand(command, answer),
      );
      if (status !== 0) throw new NvmeError(what, status);
      return answer;
    },
  };
}

/** struct nvme_passthru_cmd */
function encodeCommand(command: NvmeCommand, answer: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(72);
  bytes.writeUInt8(command.opcode, 0);
  bytes.writeUInt32LE(command.namespace ?? 0, 4);
  if (answer.length > 0) bytes.writeBigUInt64LE(addressOf(answer), 24);
  bytes.writeUInt32LE(answer.length, 36);
  bytes.writeUInt32LE(command.cdw10 ?? 0, 40);
  bytes.writeUInt32LE(command.cdw11 ?? 0, 44);
  bytes.writeUInt32LE(command.timeoutMs ?? usualTimeoutMs, 64);
  return bytes;
}

/** §3.3.3.2.1, the statuses that mean "no such thing here". */
const unsupportedStatuses = new Set([0x01, 0x02]);

export class NvmeError extends Error {
  override readonly name = "NvmeError";
  /** Invalid Command Opcode or Invalid Field in Command: the controller lacks it. */
  readonly isUnsupported: boolean;

  constructor(what: string, status: number) {
    // Bits 7:0 code, 10:8 type, 14 "do not retry".
    super(`Cannot ${what}: NVMe status 0x${(status & 0x7ff).toString(16).padStart(3, "0")}`);
    this.isUnsupported = unsupportedStatuses.has(status & 0x7ff);
  }
}
