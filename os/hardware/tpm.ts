// The TPM: what it is, and the certificate of its endorsement key (TPM 2.0 Library, parts 2 and 3).
import { existsSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { join } from "node:path";

export interface Tpm {
  readonly version: "1.2" | "2.0";
  readonly manufacturer: string;
  readonly firmwareVersion: string;
  /** DER; empty where there is none. */
  readonly endorsementCertificate: Uint8Array;
}

/** Sends a command, resolves to its answer. */
export type TpmExchange = (command: Uint8Array) => Promise<Uint8Array>;

const commands = { nvRead: 0x14e, nvReadPublic: 0x169, getCapability: 0x17a } as const;
const tags = { noSessions: 0x8001, sessions: 0x8002 } as const;
const capabilityProperties = 6;
const properties = { manufacturer: 0x105, firmwareVersion1: 0x10b, firmwareVersion2: 0x10c } as const;
/** TCG EK Credential Profile §2.2.1.4: RSA 2048, then ECC P-256. */
const certificateIndexes = [0x01c00002, 0x01c0000a] as const;
const passwordSession = 0x40000009;
const headerBytes = 10;
const readAtOnce = 512;
const longestCertificate = 16 * 1024;

/** Undefined where the machine has none. */
export async function findTpm(sys: string, dev: string): Promise<Tpm | undefined> {
  const folder = join(sys, "class/tpm/tpm0");
  if (!existsSync(folder)) return undefined;
  const major = await readFile(join(folder, "tpm_version_major"), "latin1").catch(() => "");
  if (major.trim() !== "2")
    return {
      version: "1.2",
      manufacturer: "",
      firmwareVersion: "",
      endorsementCertificate: new Uint8Array(),
    };
  // Through the kernel's resource manager: nothing of ours stays in the TPM.
  await using handle = await open(join(dev, "tpmrm0"), "r+");
  // Awaited here: the handle is closed when this returns.
  return await describeTpm(async (command) => {
    await handle.write(command);
    const answer = Buffer.alloc(4096);
    const { bytesRead } = await handle.read(answer);
    return answer.subarray(0, bytesRead);
  });
}

export async function describeTpm(exchange: TpmExchange): Promise<Tpm> {
  const [maker, version1, version2] = [
    await property(exchange, properties.manufacturer),
    await property(exchange, properties.firmwareVersion1),
    await property(exchange, properties.firmwareVersion2),
  ];
  const manufacturer = Buffer.alloc(4);
  manufacturer.writeUInt32BE(maker);
  return {
    version: "2.0",
    manufacturer: manufacturer
      .toString("latin1")
      .replaceAll(/\p{Cc}+/gu, " ")
      .trim(),
    firmwareVersion: [version1 >>> 16, version1 & 0xffff, version2 >>> 16, version2 & 0xffff].join("."),
    endorsementCertificate: await certificate(exchange),
  };
}

/** One property; 0 where it is not told. */
async function property(exchange: TpmExchange, name: number): Promise<number> {
  const answer = await run(exchange, tags.noSessions, commands.getCapability, [
    u32(capabilityProperties),
    u32(name),
    u32(1),
  ]);
  // More data, capability, count; then the property and its value.
  return answer.length >= 17 && answer.readUInt32BE(9) === name ? answer.readUInt32BE(13) : 0;
}

async function certificate(exchange: TpmExchange): Promise<Uint8Array> {
  for (const index of certificateIndexes) {
    try {
      const size = await sizeOfIndex(exchange, index);
      if (size > 0 && size <= longestCertificate)
        return withoutPadding(await readIndex(exchange, index, size));
    } catch (error) {
      // Most have only one of the two.
      if (!(error instanceof TpmError)) throw error;
    }
  }
  return new Uint8Array();
}

async function sizeOfIndex(exchange: TpmExchange, index: number): Promise<number> {
  const answer = await run(exchange, tags.noSessions, commands.nvReadPublic, [u32(index)]);
  // Size, index, algorithm of its name, attributes; then a policy and the size of the data.
  const policyBytes = answer.length >= 14 ? answer.readUInt16BE(12) : 0;
  return answer.length >= 16 + policyBytes ? answer.readUInt16BE(14 + policyBytes) : 0;
}

async function readIndex(exchange: TpmExchange, index: number, size: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let offset = 0; offset < size; offset += readAtOnce) {
    const wanted = Math.min(readAtOnce, size - offset);
    const answer = await run(exchange, tags.sessions, commands.nvRead, [
      u32(index),
      u32(index),
      // A session by an empty password: 9 bytes.
      u32(9),
      u32(passwordSession),
      Buffer.from([0, 0, 0, 0, 0]),
      u16(wanted),
      u16(offset),
    ]);
    const got = answer.length >= 6 ? answer.readUInt16BE(4) : 0;
    if (got !== wanted || answer.length < 6 + got)
      throw new TpmError("Cannot read the TPM: its answer is cut short");
    parts.push(answer.subarray(6, 6 + got));
  }
  return Buffer.concat(parts);
}

/** Some indexes are larger than the certificate in them: its own DER says where it ends. */
function withoutPadding(bytes: Buffer): Uint8Array {
  if (bytes.length < 4 || bytes[0] !== 0x30 || bytes[1] !== 0x82) return bytes;
  return bytes.subarray(0, 4 + bytes.readUInt16BE(2));
}

class TpmError extends Error {
  override readonly name = "TpmError";
}

/** Resolves to what follows the header of the answer. */
async function run(
  exchange: TpmExchange,
  tag: number,
  command: number,
  parts: readonly Uint8Array[],
): Promise<Buffer> {
  const body = Buffer.concat(parts);
  const answer = Buffer.from(
    await exchange(Buffer.concat([u16(tag), u32(headerBytes + body.length), u32(command), body])),
  );
  if (answer.length < headerBytes) throw new TpmError("Cannot talk to the TPM: its answer is cut short");
  const code = answer.readUInt32BE(6);
  if (code !== 0) throw new TpmError(`Cannot talk to the TPM: it answers 0x${code.toString(16)}`);
  return answer.subarray(headerBytes);
}

function u16(value: number): Buffer {
  const bytes = Buffer.alloc(2);
  bytes.writeUInt16BE(value);
  return bytes;
}

function u32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}
