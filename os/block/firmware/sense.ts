/** What a SCSI device thinks of a command (SPC-5 §4.4). */
export interface Sense {
  readonly key: number;
  readonly code: number;
  readonly qualifier: number;
  /** How far something long is, 0 to 1; undefined where nothing is said. */
  readonly progress: number | undefined;
  /** An ATA disk's registers behind a translation (SAT-4 §12.2.2.7). */
  readonly ata: AtaRegisters | undefined;
}

export interface AtaRegisters {
  readonly error: number;
  readonly count: number;
  /** Its lower 24 bits. */
  readonly lba: number;
  readonly status: number;
}

export const senseKeys = { none: 0, recovered: 1, notReady: 2, illegalRequest: 5, aborted: 11 } as const;

/** Undefined for what is no sense at all. */
export function parseSense(bytes: Uint8Array): Sense | undefined {
  const at = (index: number) => bytes[index] ?? 0;
  switch (at(0) & 0x7f) {
    case 0x70:
    case 0x71:
      return {
        key: at(2) & 0x0f,
        code: at(12),
        qualifier: at(13),
        progress: at(15) & 0x80 ? (at(16) * 256 + at(17)) / 65_536 : undefined,
        ata: undefined,
      };
    case 0x72:
    case 0x73:
      return { key: at(1) & 0x0f, code: at(2), qualifier: at(3), ...descriptors(bytes) };
    default:
      return undefined;
  }
}

function descriptors(bytes: Uint8Array): Pick<Sense, "progress" | "ata"> {
  let progress: number | undefined;
  let ata: AtaRegisters | undefined;
  let offset = 8;
  while (offset + 2 <= bytes.length) {
    const size = 2 + bytes[offset + 1]!;
    const field = (index: number) => bytes[offset + index] ?? 0;
    // Sense key specific, and ATA status return.
    if (bytes[offset] === 0x02 && field(4) & 0x80) progress = (field(5) * 256 + field(6)) / 65_536;
    if (bytes[offset] === 0x09)
      ata = {
        error: field(3),
        count: field(4) * 256 + field(5),
        lba: field(11) * 65_536 + field(9) * 256 + field(7),
        status: field(13),
      };
    offset += size;
  }
  return { progress, ata };
}
