// How an NVMe disk erases itself: Format NVM and Sanitize (NVM Express Base Specification 2.0 §5.14 and §5.24).
import { type Nvme, NvmeError } from "../../firmware/nvme.ts";
import { Unsupported } from "../../unsupported.ts";
import type { Erase } from "./erase.ts";

const opcodes = { getLogPage: 0x02, identify: 0x06, format: 0x80, sanitize: 0x84 } as const;
const identifyBytes = 4096;
/** CNS of Identify, §5.17. */
const identified = { namespace: 0, controller: 1, activeNamespaces: 2 } as const;

const sanitizeActions = { block: 2, overwrite: 3, cryptographic: 4 } as const;
/** Bits of SANICAP. */
const sanitizeBits = { cryptographic: 1, block: 2, overwrite: 4 } as const;
const sanitizeLog = { page: 0x81, bytes: 512 } as const;
const sanitizeStates = { completed: 1, inProgress: 2, failed: 3, completedDeallocated: 4 } as const;

const formatTimeoutMs = 6 * 60 * 60 * 1000;

/** Secure erase settings 1: all user data; 2: the key that it is encrypted with. */
export const nvmeFormat =
  (setting: "userData" | "cryptographic"): Erase =>
  async (device) => {
    const nvme = nvmeOf(device);
    const controller = await identify(nvme, identified.controller);
    if ((controller.readUInt16LE(256) & 2) === 0) throw new Unsupported("the disk has no Format NVM");
    const attributes = controller.readUInt8(524);
    if (setting === "cryptographic" && (attributes & 4) === 0)
      throw new Unsupported("the disk has no cryptographic erase");
    // Bits 0 and 1: the command reaches every namespace, whichever it is sent to.
    if ((attributes & 3) !== 0) await onlyNamespace(nvme, "Format NVM");

    const namespace = await identify(nvme, identified.namespace);
    const layout = namespace.readUInt8(26);
    const protection = namespace.readUInt8(29);
    // As it is formatted now: LBA format (its upper bits too), metadata, protection information.
    const kept =
      (layout & 0x0f) |
      (((layout >> 5) & 3) << 12) |
      (((layout >> 4) & 1) << 4) |
      ((protection & 7) << 5) |
      (((protection >> 3) & 1) << 8);
    await nvme.admin("format the namespace", {
      opcode: opcodes.format,
      namespace: nvme.namespace,
      cdw10: kept | ((setting === "userData" ? 1 : 2) << 9),
      timeoutMs: formatTimeoutMs,
    });
  };

export const nvmeSanitize =
  (action: keyof typeof sanitizeActions): Erase =>
  async (device, { progress, pause, signal }) => {
    const nvme = nvmeOf(device);
    const controller = await identify(nvme, identified.controller);
    if ((controller.readUInt32LE(328) & sanitizeBits[action]) === 0)
      throw new Unsupported(`the disk has no Sanitize by ${action}`);
    await onlyNamespace(nvme, "Sanitize");
    // One overwrite pass of zeros.
    const passes = action === "overwrite" ? 1 << 4 : 0;
    await nvme.admin("sanitize the disk", {
      opcode: opcodes.sanitize,
      cdw10: sanitizeActions[action] | passes,
    });
    for (;;) {
      const log = Buffer.from(
        await nvme.admin("ask how far sanitizing is", {
          opcode: opcodes.getLogPage,
          namespace: 0xffffffff,
          cdw10: sanitizeLog.page | ((sanitizeLog.bytes / 4 - 1) << 16),
          answerBytes: sanitizeLog.bytes,
        }),
      );
      const state = log.readUInt16LE(2) & 7;
      if (state === sanitizeStates.completed || state === sanitizeStates.completedDeallocated) return;
      if (state !== sanitizeStates.inProgress)
        throw new Error(`Cannot sanitize ${device.path}: the disk says that it failed (state ${state})`);
      progress(log.readUInt16LE(0) / 65_536);
      // Nothing stops it, not even a power cut; only we stop looking.
      await pause(signal);
    }
  };

function nvmeOf({ firmware }: Parameters<Erase>[0]): Nvme {
  if (firmware.speaks !== "nvme") throw new Unsupported("it is no NVMe disk");
  return firmware.nvme;
}

/** Sanitize, and Format on many disks, reach namespaces that nobody ordered to be erased. */
async function onlyNamespace(nvme: Nvme, command: string): Promise<void> {
  const list = await identify(nvme, identified.activeNamespaces);
  if (list.readUInt32LE(4) !== 0)
    throw new Unsupported(`${command} would erase the disk's other namespaces too`);
}

async function identify(nvme: Nvme, what: number): Promise<Buffer> {
  try {
    return Buffer.from(
      await nvme.admin("identify the disk", {
        opcode: opcodes.identify,
        // The list is of the namespaces above this one.
        namespace: what === identified.namespace ? nvme.namespace : 0,
        cdw10: what,
        answerBytes: identifyBytes,
      }),
    );
  } catch (cause) {
    if (cause instanceof NvmeError && cause.isUnsupported)
      throw new Unsupported("the disk does not tell what it can do", { cause });
    throw cause;
  }
}
