import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { bootFirmware } from "./boot-firmware.ts";
import { listNetworkInterfaces } from "./network-interfaces.ts";
import { listPciDevices } from "./pci-devices.ts";
import { pciNames } from "./pci-names.ts";

let sys: string;
beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), "ingot-sys-"));
});
afterEach(() => rmSync(sys, { recursive: true }));

function put(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(join(sys, path)), { recursive: true });
  writeFileSync(join(sys, path), content);
}

describe("network cards", () => {
  function plugIn(name: string, attributes: Readonly<Record<string, string>>): void {
    const device = `devices/pci0000:00/0000:00:03.0/net/${name}`;
    for (const [path, text] of Object.entries(attributes)) put(`${device}/${path}`, `${text}\n`);
    mkdirSync(join(sys, "class/net"), { recursive: true });
    symlinkSync(`../../${device}`, join(sys, "class/net", name));
  }

  test("say what they are, by what they were made as", async () => {
    plugIn("eth0", { "device/x": "", address: "52:54:00:AA:00:01", carrier: "1", speed: "25000" });
    const card = { driver: "mlx5_core", firmwareVersion: "26.1", permanentMac: "52:54:00:aa:00:99" };
    expect(await listNetworkInterfaces(sys, () => card)).toEqual([
      {
        name: "eth0",
        mac: "52:54:00:aa:00:01",
        permanentMac: "52:54:00:aa:00:99",
        driver: "mlx5_core",
        busPath: "/pci0000:00/0000:00:03.0",
        firmwareVersion: "26.1",
        carrier: true,
        speedMbps: 25_000,
      },
    ]);
  });

  test("without a link, or a driver that answers, are listed all the same; what is built on them is not", async () => {
    plugIn("eth0", { "device/x": "", address: "52:54:00:aa:00:01", speed: "-1" });
    plugIn("bond0", { address: "52:54:00:aa:00:01" });
    const refuse = () => {
      throw new Error("Cannot ask: EOPNOTSUPP");
    };
    expect(await listNetworkInterfaces(sys, refuse)).toMatchObject([
      { name: "eth0", permanentMac: "52:54:00:aa:00:01", driver: "", carrier: false, speedMbps: 0 },
    ]);
  });
});

describe("PCI devices", () => {
  test("are listed with their numbers and drivers", async () => {
    const folder = "bus/pci/devices/0000:00:03.0";
    const numbers = { vendor: "0x8086", device: "0x10d3", class: "0x020000", subsystem_vendor: "0x1af4" };
    for (const [name, value] of Object.entries(numbers)) put(`${folder}/${name}`, `${value}\n`);
    symlinkSync("../../drivers/e1000e", join(sys, folder, "driver"));
    expect(await listPciDevices(sys)).toEqual([
      {
        address: "0000:00:03.0",
        vendorId: 0x8086,
        deviceId: 0x10d3,
        class: 0x020000,
        subsystemVendorId: 0x1af4,
        subsystemDeviceId: 0,
        driver: "e1000e",
      },
    ]);
  });

  const names = pciNames(`# List
1af4  Red Hat, Inc.
\t1041  Virtio 1.0 network device
8086  Intel Corporation
\t10d3  82574L Gigabit Network Connection
\t\t1af4 1100  QEMU Virtual Machine
\t1af4  not a vendor
C 02  Network controller
\t00  Ethernet controller
`);

  test.each([
    [0x8086, 0x10d3, "Intel Corporation", "82574L Gigabit Network Connection"],
    [0x1af4, 0x1041, "Red Hat, Inc.", "Virtio 1.0 network device"],
    [0x1af4, 0x10d3, "Red Hat, Inc.", ""],
    [0xffff, 0x0000, "", ""],
  ])("%j:%j have names in the list", (vendor, device, vendorName, productName) => {
    expect([names.vendor(vendor), names.product(vendor, device)]).toEqual([vendorName, productName]);
  });

  test("any list at all answers", () => {
    fc.assert(
      fc.property(
        fc.string({ size: "max", maxLength: 300 }),
        fc.nat(0xffff),
        fc.nat(0xffff),
        (list, a, b) => {
          const any = pciNames(list);
          expect(typeof any.vendor(a)).toBe("string");
          expect(typeof any.product(a, b)).toBe("string");
        },
      ),
    );
  });
});

describe("the firmware that booted", () => {
  const variable = "firmware/efi/efivars/SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";
  test.each([
    ["a BIOS", undefined, { mode: "bios", secureBoot: undefined }],
    ["UEFI that says nothing", [], { mode: "uefi", secureBoot: undefined }],
    ["UEFI with Secure Boot off", [6, 0, 0, 0, 0], { mode: "uefi", secureBoot: false }],
    ["UEFI with Secure Boot on", [6, 0, 0, 0, 1], { mode: "uefi", secureBoot: true }],
  ])("is %s", async (_, value, expected) => {
    if (value) put(variable, Buffer.from(value));
    expect(await bootFirmware(sys)).toEqual(expected);
  });
});
