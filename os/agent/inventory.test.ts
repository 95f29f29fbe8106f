import { create } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { InventorySchema, Firmware_Mode as Mode } from "../../api/gen/ingot/agent/v1/inventory_pb.js";
import { VirtualClock } from "../../cosi/virtual-clock.ts";
import type { Disk } from "../block/disks.ts";
import { signatures } from "../block/signatures.ts";
import { Inventory, type Sight } from "./inventory.ts";

const clock = new VirtualClock();
const signal = new AbortController().signal;
const disk: Disk = {
  devPath: "/dev/sda",
  sizeBytes: 4096,
  sectorBytes: 512,
  physicalSectorBytes: 4096,
  model: "M",
  serial: "S",
  wwid: "naa.5",
  transport: "sata",
  busPath: "/ata1",
  firmwareVersion: "F",
  rotational: true,
  readOnly: false,
  removable: false,
  cdrom: false,
  holders: [],
};

const module = {
  slot: "DIMM A1",
  bank: "BANK 0",
  manufacturer: "Mem",
  serial: "M1",
  part: "P",
  sizeMegabytes: 16_384,
  megatransfers: 3200,
};

const sight: Sight = {
  smbios: async () => ({
    firmware: { vendor: "V", version: "1", date: "D" },
    system: {
      manufacturer: "Acme",
      product: "R",
      version: "",
      serial: "SN",
      uuid: undefined,
      sku: "",
      family: "",
    },
    board: { manufacturer: "B", product: "BP", serial: "BS", assetTag: "tag" },
    chassis: { serial: "CS", assetTag: "" },
    processors: [
      { socket: "P0", manufacturer: "C", model: "T", maximumMegahertz: 4000, cores: 8, threads: 16 },
    ],
    memory: [module],
    ipmi: false,
  }),
  bootFirmware: async () => ({ mode: "uefi", secureBoot: false }),
  disks: async () => [disk, { ...disk, devPath: "/dev/sr0", cdrom: true }],
  signatures: async () => signatures.filter(({ name }) => name === "md" || name === "vmfs"),
  health: async () => true,
  networkInterfaces: async () => [
    {
      name: "eth0",
      mac: "52:54:00:00:00:01",
      permanentMac: "52:54:00:00:00:02",
      driver: "e1000e",
      busPath: "/pci",
      firmwareVersion: "",
      carrier: true,
      speedMbps: 1000,
    },
  ],
  addresses: () => ({ eth0: ["10.0.0.1/24"] }),
  neighbours: async () =>
    new Map([["eth0", { systemName: "leaf-3", chassisId: "c", portId: "Ethernet7", portDescription: "" }]]),
  pciDevices: async () => [
    {
      address: "0000:00:01.0",
      vendorId: 1,
      deviceId: 2,
      class: 3,
      subsystemVendorId: 4,
      subsystemDeviceId: 5,
      driver: "e1000e",
    },
  ],
  pciNames: async () => ({ vendor: () => "Vendor", product: () => "Product" }),
  tpm: async () => undefined,
  bmc: async () => undefined,
};

describe("the inventory", () => {
  test("puts all parts together as the provisioner reads them", async () => {
    const content = await new Inventory(sight, clock).read(signal);
    expect(create(InventorySchema, content)).toMatchObject({
      system: { manufacturer: "Acme", uuid: "", assetTag: "tag", boardSerial: "BS", chassisSerial: "CS" },
      firmware: { mode: Mode.UEFI, vendor: "V", secureBoot: false },
      processors: [{ socket: "P0", maxMhz: 4000, cores: 8, threads: 16 }],
      memory: [{ locator: "DIMM A1 BANK 0", partNumber: "P", sizeBytes: 17_179_869_184n, speedMts: 3200 }],
      disks: [
        { id: "wwid-naa.5", device: "/dev/sda", signatures: ["linux_raid_member", "VMFS"], healthy: true },
      ],
      networkInterfaces: [
        {
          name: "eth0",
          permanentMac: "52:54:00:00:00:02",
          addresses: ["10.0.0.1/24"],
          neighbour: { systemName: "leaf-3", portId: "Ethernet7" },
        },
      ],
      pciDevices: [{ vendor: "Vendor", product: "Product", subsystemDeviceId: 5 }],
      gaps: [],
    });
  });

  test("names what it could not look at, and shows the rest", async () => {
    const broken = (what: string) => () => Promise.reject(new Error(`Cannot look: ${what}`));
    const content = await new Inventory(
      {
        ...sight,
        smbios: broken("no table"),
        tpm: broken("EIO"),
        health: broken("aborted"),
      },
      clock,
    ).read(signal);
    expect(content.disks).toHaveLength(1);
    expect(content.gaps).toEqual([
      "firmware tables: Cannot look: no table",
      "TPM: Cannot look: EIO",
      "health of /dev/sda: Cannot look: aborted",
    ]);
  });

  test("reads what is on a disk again only after a wipe", async () => {
    let looks = 0;
    const inventory = new Inventory(
      {
        ...sight,
        signatures: async () => {
          looks++;
          return [];
        },
      },
      clock,
    );
    await inventory.read(signal);
    await inventory.read(signal);
    expect(looks).toBe(1);
    const changed = inventory.changed(signal);
    inventory.wiped();
    await changed;
    await inventory.read(signal);
    expect(looks).toBe(2);
  });

  test("does not wait for a disk that hangs, and asks it no second time", async () => {
    let asked = 0;
    const hangs = () => {
      asked++;
      return new Promise<never>(() => {});
    };
    const inventory = new Inventory({ ...sight, signatures: hangs }, clock);
    const reading = inventory.read(signal);
    await clock.advance(20_000);
    expect((await reading).gaps).toEqual(["/dev/sda: it does not answer within 20 s"]);
    expect((await inventory.read(signal)).gaps).toEqual(["/dev/sda: it does not answer"]);
    expect(asked).toBe(1);
  });

  test("stops waiting for a change when told to", async () => {
    const stop = new AbortController();
    const changed = new Inventory(sight, clock).changed(stop.signal);
    stop.abort(new Error("over"));
    await expect(changed).rejects.toThrow("over");
  });
});
