// What is in this machine, put together for the provisioner. A part that cannot be looked at is a gap with its reason.
import type { MessageInitShape } from "@bufbuild/protobuf";
import {
  type BmcSchema,
  type DiskSchema,
  Firmware_Mode as Mode,
  type NeighbourSchema,
  type SystemSchema,
} from "../../api/gen/ingot/agent/v1/inventory_pb.js";
import { type Clock, sleep } from "../../cosi/clock.ts";
import { disksById } from "../block/disk-ids.ts";
import type { Disk } from "../block/disks.ts";
import type { Signature } from "../block/signatures.ts";
import type { BootFirmware } from "../hardware/boot-firmware.ts";
import type { NetworkInterface } from "../hardware/network-interfaces.ts";
import type { PciDevice } from "../hardware/pci-devices.ts";
import type { PciNames } from "../hardware/pci-names.ts";
import type { Smbios } from "../hardware/smbios/system-information.ts";
import type { Tpm } from "../hardware/tpm.ts";
import type { InventoryContent, InventorySource } from "./inventory-source.ts";
import { signatureName } from "./signature-names.ts";

/** Ways to look at each part; every one may fail without the others. */
export interface Sight {
  readonly smbios: () => Promise<Smbios & { readonly broken?: string | undefined }>;
  readonly bootFirmware: () => Promise<BootFirmware>;
  readonly disks: () => Promise<readonly Disk[]>;
  readonly signatures: (disk: Disk) => Promise<readonly Signature[]>;
  /** Undefined where the disk does not tell. */
  readonly health: (disk: Disk) => Promise<boolean | undefined>;
  readonly networkInterfaces: () => Promise<readonly NetworkInterface[]>;
  /** Addresses, by the name of the interface. */
  readonly addresses: () => Readonly<Record<string, readonly string[]>>;
  /** The switch at the other end, by the name of the interface. */
  readonly neighbours: () => Promise<ReadonlyMap<string, MessageInitShape<typeof NeighbourSchema>>>;
  readonly pciDevices: () => Promise<readonly PciDevice[]>;
  readonly pciNames: () => Promise<PciNames>;
  readonly tpm: () => Promise<Tpm | undefined>;
  readonly bmc: () => Promise<MessageInitShape<typeof BmcSchema> | undefined>;
}

/** A disk that has not answered by then hangs. */
const patienceMs = 20_000;

/** Gaps by what could not be looked at. */
type Gaps = Map<string, string>;

interface Contents {
  readonly signatures: readonly string[];
  readonly healthy: boolean | undefined;
}

export class Inventory implements InventorySource {
  readonly #sight: Sight;
  readonly #clock: Clock;
  /** Disks that were asked and have not answered: asking again would hang as well. */
  readonly #unanswered = new Set<string>();
  /** What does not change while a machine runs, once it could be looked at. */
  readonly #lasting = new Map<string, unknown>();
  #contents = new Map<string, Contents>();
  readonly #pciNames = new Map<string, { readonly vendor: string; readonly product: string }>();
  readonly #waiting = new Set<() => void>();

  constructor(sight: Sight, clock: Clock) {
    this.#sight = sight;
    this.#clock = clock;
  }

  /** What is on the disks is another thing now. */
  wiped(): void {
    this.#contents = new Map();
    for (const wake of this.#waiting) wake();
    this.#waiting.clear();
  }

  changed(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const abort = () => {
        this.#waiting.delete(wake);
        reject(signal.reason as Error);
      };
      const wake = () => {
        signal.removeEventListener("abort", abort);
        resolve();
      };
      signal.addEventListener("abort", abort, { once: true });
      this.#waiting.add(wake);
    });
  }

  async read(signal: AbortSignal): Promise<InventoryContent> {
    const gaps: Gaps = new Map();
    const sight = this.#sight;
    const smbios = await this.#once(gaps, "firmware tables", sight.smbios);
    if (smbios?.broken !== undefined) gaps.set("firmware tables", smbios.broken);
    const boot = await this.#once(gaps, "boot firmware", sight.bootFirmware);
    const tpm = await this.#once(gaps, "TPM", sight.tpm);
    const bmc = await this.#once(gaps, "BMC", sight.bmc);
    const pciDevices = (await look(gaps, "PCI devices", sight.pciDevices)) ?? [];
    await this.#learnNames(pciDevices, gaps);
    const cards = (await look(gaps, "network cards", sight.networkInterfaces)) ?? [];
    const neighbours = await look(gaps, "switches", sight.neighbours);
    const addresses = sight.addresses();
    const disks = (await look(gaps, "disks", sight.disks)) ?? [];
    signal.throwIfAborted();
    return {
      ...(smbios && { system: systemOf(smbios) }),
      firmware: {
        mode: boot === undefined ? Mode.UNSPECIFIED : boot.mode === "uefi" ? Mode.UEFI : Mode.BIOS,
        ...smbios?.firmware,
        ...(boot?.secureBoot !== undefined && { secureBoot: boot.secureBoot }),
      },
      processors: (smbios?.processors ?? []).map(({ maximumMegahertz, ...it }) => ({
        ...it,
        maxMhz: maximumMegahertz,
      })),
      memory: (smbios?.memory ?? []).map(({ slot, bank, manufacturer, serial, part, ...it }) => ({
        locator: [slot, bank].filter((text) => text !== "").join(" "),
        manufacturer,
        serial,
        partNumber: part,
        sizeBytes: BigInt(Math.round(it.sizeMegabytes * 1024)) * 1024n,
        speedMts: it.megatransfers,
      })),
      disks: await this.#disks(disks, gaps),
      networkInterfaces: cards.map((card) => {
        const neighbour = neighbours?.get(card.name);
        return { ...card, addresses: [...(addresses[card.name] ?? [])], ...(neighbour && { neighbour }) };
      }),
      pciDevices: pciDevices.map((device) => ({
        ...device,
        ...(this.#pciNames.get(pciKey(device)) ?? { vendor: "", product: "" }),
      })),
      ...(tpm && { tpm }),
      ...(bmc && { bmc }),
      gaps: [...gaps].map(([what, why]) => `${what}: ${why}`),
    };
  }

  async #disks(disks: readonly Disk[], gaps: Gaps): Promise<MessageInitShape<typeof DiskSchema>[]> {
    return Promise.all(
      [...disksById(disks.filter(({ cdrom }) => !cdrom))].map(async ([id, disk]) => {
        const { signatures, healthy } = await this.#contentsOf(id, disk, gaps);
        return {
          id,
          device: disk.devPath,
          model: disk.model,
          serial: disk.serial,
          wwid: disk.wwid,
          busPath: disk.busPath,
          transport: disk.transport,
          sizeBytes: BigInt(disk.sizeBytes),
          logicalSectorBytes: disk.sectorBytes,
          physicalSectorBytes: disk.physicalSectorBytes,
          rotational: disk.rotational,
          removable: disk.removable,
          readOnly: disk.readOnly,
          firmwareVersion: disk.firmwareVersion,
          signatures: [...signatures],
          ...(healthy !== undefined && { healthy }),
        };
      }),
    );
  }

  /** The list of all names is a megabyte: it is read when a new device is seen, and not kept. */
  async #learnNames(devices: readonly PciDevice[], gaps: Gaps): Promise<void> {
    const fresh = devices.filter((device) => !this.#pciNames.has(pciKey(device)));
    if (fresh.length === 0) return;
    const names = await look(gaps, "names of PCI devices", this.#sight.pciNames);
    for (const device of names ? fresh : []) {
      const { vendorId, deviceId } = device;
      this.#pciNames.set(pciKey(device), {
        vendor: names!.vendor(vendorId),
        product: names!.product(vendorId, deviceId),
      });
    }
  }

  /** Looked at once until something is wiped: a sleeping disk is not woken every half minute. */
  async #contentsOf(id: string, disk: Disk, gaps: Gaps): Promise<Contents> {
    const key = `${id} ${disk.sizeBytes}`;
    const known = this.#contents.get(key);
    if (known) return known;
    if (this.#unanswered.has(key)) {
      gaps.set(disk.devPath, "it does not answer");
      return { signatures: [], healthy: undefined };
    }
    this.#unanswered.add(key);
    const contents = this.#contents;
    const looking = this.#lookInto(disk).finally(() => this.#unanswered.delete(key));
    const patience = new AbortController();
    const late = sleep(this.#clock, patienceMs, patience.signal).then(
      () => undefined,
      () => undefined,
    );
    const seen = await Promise.race([looking, late]);
    patience.abort();
    if (!seen) {
      gaps.set(disk.devPath, `it does not answer within ${patienceMs / 1000} s`);
      return { signatures: [], healthy: undefined };
    }
    for (const [what, why] of seen.gaps) gaps.set(what, why);
    if (seen.readable) contents.set(key, seen);
    return seen;
  }

  async #lookInto(disk: Disk): Promise<Contents & { readonly gaps: Gaps; readonly readable: boolean }> {
    const gaps: Gaps = new Map();
    const found = await look(gaps, `what is on ${disk.devPath}`, () => this.#sight.signatures(disk));
    const healthy = await look(gaps, `health of ${disk.devPath}`, () => this.#sight.health(disk));
    const signatures = [...new Set((found ?? []).map(({ name }) => signatureName(name)))];
    return { signatures, healthy, gaps, readable: found !== undefined };
  }

  async #once<T>(gaps: Gaps, what: string, see: () => Promise<T>): Promise<T | undefined> {
    if (this.#lasting.has(what)) return this.#lasting.get(what) as T;
    const seen = await look(gaps, what, see);
    if (!gaps.has(what)) this.#lasting.set(what, seen);
    return seen;
  }
}

const pciKey = ({ vendorId, deviceId }: PciDevice) => `${vendorId}:${deviceId}`;

async function look<T>(gaps: Gaps, what: string, see: () => Promise<T>): Promise<T | undefined> {
  try {
    return await see();
  } catch (error) {
    gaps.set(what, error instanceof Error ? error.message : String(error));
    return undefined;
  }
}

function systemOf({ system, board, chassis }: Smbios): MessageInitShape<typeof SystemSchema> {
  return {
    ...system,
    uuid: system?.uuid ?? "",
    assetTag: chassis?.assetTag || board?.assetTag || "",
    boardManufacturer: board?.manufacturer ?? "",
    boardProduct: board?.product ?? "",
    boardSerial: board?.serial ?? "",
    chassisSerial: chassis?.serial ?? "",
  };
}
