// How an ATA disk erases itself: its security feature set and SANITIZE DEVICE (ACS-5 §4.18, §7.35 and §7.41 to §7.46).
import type { Ata } from "../../firmware/ata.ts";
import { Unsupported } from "../../unsupported.ts";
import type { Erase } from "./erase.ts";

const commands = {
  sanitize: 0xb4,
  identify: 0xec,
  setPassword: 0xf1,
  erasePrepare: 0xf3,
  eraseUnit: 0xf4,
  disablePassword: 0xf6,
} as const;

/** Of word 128. */
const security = { supported: 1, enabled: 2, locked: 4, frozen: 8, expired: 16, enhanced: 32 } as const;
const sanitizeStatus = 0x0000;
/** Features and the words that guard against a slip of the pen; bits of word 59; the surest first. */
const sanitizeActions = [
  { features: 0x0012, lba: 0x426b4572n, bit: 1 << 15 },
  { features: 0x0014, lba: 0x4f5700000000n, bit: 1 << 14 },
  { features: 0x0011, lba: 0x43727970n, bit: 1 << 13 },
] as const;
const sanitizeSupported = 1 << 12;

/** Set for the length of the erase, which takes it away again. Should that be cut short, it can be looked up here. */
const password = "ingot";
const hoursMs = 60 * 60 * 1000;

export const ataSecurityErase =
  (kind: "normal" | "enhanced"): Erase =>
  async (device) => {
    const ata = ataOf(device);
    const before = await identify(ata);
    const state = before.readUInt16LE(2 * 128);
    const has = (bit: number) => (state & bit) !== 0;
    if (!has(security.supported)) throw new Unsupported("the disk has no security feature set");
    if (kind === "enhanced" && !has(security.enhanced))
      throw new Unsupported("the disk has no enhanced erase");
    if (has(security.frozen))
      throw new Unsupported("the firmware froze the disk's security: only a power cycle thaws it");
    if (has(security.locked)) throw new Unsupported("the disk is locked by a password that is not known");

    await ata.execute("set the disk's password", { command: commands.setPassword, send: secret(0) });
    try {
      await ata.execute("prepare the erase", { command: commands.erasePrepare });
      await ata.execute("erase the disk", {
        command: commands.eraseUnit,
        send: secret(kind === "enhanced" ? 2 : 0),
        timeoutMs: eraseTimeoutMs(before.readUInt16LE(2 * (kind === "enhanced" ? 90 : 89))),
      });
    } catch (error) {
      // A disk must not stay locked behind a password because its erase failed.
      await ata
        .execute("take the disk's password away", { command: commands.disablePassword, send: secret(0) })
        .catch(() => undefined);
      throw error;
    }
    const after = (await identify(ata)).readUInt16LE(2 * 128);
    if ((after & security.enabled) !== 0)
      throw new Error(`Cannot erase ${device.path}: the disk acknowledged it and is still under a password`);
  };

export const ataSanitize: Erase = async (device, { progress, pause, signal }) => {
  const ata = ataOf(device);
  const can = (await identify(ata)).readUInt16LE(2 * 59);
  const action = sanitizeActions.find(({ bit }) => (can & sanitizeSupported) !== 0 && (can & bit) !== 0);
  if (!action) throw new Unsupported("the disk has no SANITIZE DEVICE");
  const { features, lba } = action;
  // One pass, where passes are counted.
  await ata.execute("sanitize the disk", {
    command: commands.sanitize,
    features,
    lba,
    count: 1,
    isWide: true,
  });
  for (;;) {
    const { registers } = await ata.execute("ask how far sanitizing is", {
      command: commands.sanitize,
      features: sanitizeStatus,
      isWide: true,
    });
    if (!registers) throw new Error(`Cannot sanitize ${device.path}: the disk does not say how far it is`);
    if ((registers.count & 0x4000) === 0) {
      if ((registers.count & 0x8000) !== 0) return;
      throw new Error(`Cannot sanitize ${device.path}: the disk says that it failed`);
    }
    progress((registers.lba & 0xffff) / 65_536);
    await pause(signal);
  }
};

function ataOf({ firmware }: Parameters<Erase>[0]): Ata {
  if (firmware.speaks !== "ata") throw new Unsupported("it is no ATA disk");
  return firmware.ata;
}

const identify = async (ata: Ata): Promise<Buffer> =>
  Buffer.from((await ata.execute("identify the disk", { command: commands.identify, answers: true })).data);

/** Word 0: which password and which erase; the password itself from word 1 on. */
function secret(word0: number): Uint8Array {
  const bytes = Buffer.alloc(512);
  bytes.writeUInt16LE(word0, 0);
  bytes.write(password, 2, "latin1");
  return bytes;
}

/** Words 89 and 90: in steps of two minutes, 0 for unknown; twice that, because disks are optimists. */
function eraseTimeoutMs(word: number): number {
  const steps = word & 0x8000 ? word & 0x7fff : word & 0xff;
  return steps === 0 ? 12 * hoursMs : Math.max(2 * steps * 120_000, hoursMs);
}
