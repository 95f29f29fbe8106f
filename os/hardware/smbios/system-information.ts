// What the firmware says the machine is: SMBIOS (DMTF DSP0134 3.7), the structures that an inventory needs.
import { bytes } from "../../../wire/bytes.ts";
import type { Codec } from "../../../wire/codec.ts";
import { u8, u16le, u32le, u64le } from "../../../wire/integers.ts";
import { struct } from "../../../wire/struct.ts";
import { uuidMixed } from "../../../wire/uuid.ts";
import { fieldsOf, type Structure, type Table } from "./structure.ts";

export interface Firmware {
  readonly vendor: string;
  readonly version: string;
  readonly date: string;
}

export interface System {
  readonly manufacturer: string;
  readonly product: string;
  readonly version: string;
  readonly serial: string;
  /** As firmware prints it; undefined when the machine has none (all zeros, all ones). */
  readonly uuid: string | undefined;
  readonly sku: string;
  readonly family: string;
}

export interface Board {
  readonly manufacturer: string;
  readonly product: string;
  readonly serial: string;
  readonly assetTag: string;
}

export interface Chassis {
  readonly serial: string;
  readonly assetTag: string;
}

export interface Processor {
  readonly socket: string;
  readonly manufacturer: string;
  readonly model: string;
  readonly maximumMegahertz: number;
  readonly cores: number;
  readonly threads: number;
}

export interface MemoryModule {
  readonly slot: string;
  readonly bank: string;
  readonly manufacturer: string;
  readonly serial: string;
  readonly part: string;
  /** 0 for an empty slot. */
  readonly sizeMegabytes: number;
  readonly megatransfers: number;
}

export interface Smbios {
  readonly firmware: Firmware | undefined;
  readonly system: System | undefined;
  readonly board: Board | undefined;
  readonly chassis: Chassis | undefined;
  readonly processors: readonly Processor[];
  readonly memory: readonly MemoryModule[];
  /** There is an IPMI controller on board (type 38). */
  readonly ipmi: boolean;
}

type Layout<T> = readonly [type: number, size: number, codec: Codec<T>];

/** §7.1 to §7.39: structure type, size of the fields read, layout. Text fields are numbers of strings. */
const layouts = {
  firmware: [0, 5, struct({ vendor: u8, version: u8, gap: bytes(2), date: u8 })],
  system: [
    1,
    23,
    struct({
      manufacturer: u8,
      product: u8,
      version: u8,
      serial: u8,
      uuid: uuidMixed,
      wake: u8,
      sku: u8,
      family: u8,
    }),
  ],
  board: [2, 5, struct({ manufacturer: u8, product: u8, version: u8, serial: u8, assetTag: u8 })],
  chassis: [3, 5, struct({ manufacturer: u8, kind: u8, version: u8, serial: u8, assetTag: u8 })],
  processor: [
    4,
    44,
    struct({
      socket: u8,
      type: u8,
      family: u8,
      manufacturer: u8,
      identifier: bytes(8),
      model: u8,
      voltage: u8,
      clock: u16le,
      maximumMegahertz: u16le,
      currentMegahertz: u16le,
      status: u8,
      upgrade: u8,
      caches: bytes(6),
      serial: u8,
      assetTag: u8,
      part: u8,
      cores: u8,
      enabledCores: u8,
      threads: u8,
      characteristics: u16le,
      family2: u16le,
      cores2: u16le,
      enabledCores2: u16le,
      threads2: u16le,
    }),
  ],
  memory: [
    17,
    88,
    struct({
      array: u16le,
      error: u16le,
      totalWidth: u16le,
      dataWidth: u16le,
      size: u16le,
      form: u8,
      set: u8,
      slot: u8,
      bank: u8,
      type: u8,
      detail: u16le,
      speed: u16le,
      manufacturer: u8,
      serial: u8,
      assetTag: u8,
      part: u8,
      attributes: u8,
      extendedSize: u32le,
      configuredSpeed: u16le,
      voltages: bytes(6),
      technology: u8,
      modes: u16le,
      firmware: u8,
      ids: bytes(8),
      sizes: struct({ nonVolatile: u64le, volatile: u64le, cache: u64le, logical: u64le }),
      extendedSpeed: u32le,
      extendedConfiguredSpeed: u32le,
    }),
  ],
} as const satisfies Record<string, Layout<unknown>>;
const ipmiType = 38;

export function systemInformation({ structures }: Table): Smbios {
  const all = <T>([type, size, codec]: Layout<T>) =>
    structures
      .filter((it) => it.type === type)
      .map((it) => ({ fields: fieldsOf(codec, size, it), text: (number: number) => textOf(it, number) }));
  const [firmware] = all(layouts.firmware);
  const [system] = all(layouts.system);
  const [board] = all(layouts.board);
  const [chassis] = all(layouts.chassis);

  return {
    firmware: firmware && {
      vendor: firmware.text(firmware.fields.vendor),
      version: firmware.text(firmware.fields.version),
      date: firmware.text(firmware.fields.date),
    },
    system: system && {
      manufacturer: system.text(system.fields.manufacturer),
      product: system.text(system.fields.product),
      version: system.text(system.fields.version),
      serial: system.text(system.fields.serial),
      uuid: saneUuid(system.fields.uuid),
      sku: system.text(system.fields.sku),
      family: system.text(system.fields.family),
    },
    board: board && {
      manufacturer: board.text(board.fields.manufacturer),
      product: board.text(board.fields.product),
      serial: board.text(board.fields.serial),
      assetTag: board.text(board.fields.assetTag),
    },
    chassis: chassis && {
      serial: chassis.text(chassis.fields.serial),
      assetTag: chassis.text(chassis.fields.assetTag),
    },
    processors: all(layouts.processor)
      .filter(({ fields }) => (fields.status & socketPopulated) !== 0)
      .map(({ fields, text }) => ({
        socket: text(fields.socket),
        manufacturer: text(fields.manufacturer),
        model: text(fields.model),
        maximumMegahertz: fields.maximumMegahertz,
        cores: extended(fields.cores, fields.cores2),
        threads: extended(fields.threads, fields.threads2),
      })),
    memory: all(layouts.memory).map(({ fields, text }) => ({
      slot: text(fields.slot),
      bank: text(fields.bank),
      manufacturer: text(fields.manufacturer),
      serial: text(fields.serial),
      part: text(fields.part),
      sizeMegabytes: sizeMegabytes(fields.size, fields.extendedSize),
      megatransfers: fields.speed === 0xffff ? fields.extendedSpeed : fields.speed,
    })),
    ipmi: structures.some(({ type }) => type === ipmiType),
  };
}

/** §7.5, processor status, bit 6. */
const socketPopulated = 0x40;

/** §7.5.9: from 255 on the count stands in the wider field. */
const extended = (count: number, wider: number) => (count === 0xff && wider !== 0 ? wider : count);

/** §7.18.4: bit 15 means kilobytes, 0x7fff that the extended field counts, 0xffff that nobody knows. */
function sizeMegabytes(size: number, extendedSize: number): number {
  if (size === 0xffff) return 0;
  if (size === 0x7fff) return extendedSize & 0x7fffffff;
  return size & 0x8000 ? (size & 0x7fff) / 1024 : size;
}

/** §7.2.1: all zeros means "none", all ones "not set"; a placeholder is as good as none. */
const saneUuid = (uuid: string) =>
  /^(0{8}-0{4}-0{4}-0{4}-0{12}|f{8}-f{4}-f{4}-f{4}-f{12})$/.test(uuid) ? undefined : uuid;

const textOf = ({ strings }: Structure, number: number) => strings[number - 1] ?? "";
