import { describe, expect, test } from "vitest";
import type { MachineDescription } from "./description.ts";
import { qemuArguments, type Surroundings } from "./qemu-arguments.ts";

const around: Surroundings = {
  serialFile: "serial.log",
  serialSocket: "serial",
  qmpSocket: "qmp",
  uefi: { code: "code", variables: "variables" },
  diskFiles: ["disk0", "disk1"],
  taps: ["tap0", "tap1"],
  wires: [],
  uuid: "6f9619ff-8b86-4011-b42d-00cf4fc964ff",
  serialNumber: "SN",
};
const machine: MachineDescription = {
  name: "m",
  firmware: "bios",
  disks: [
    { bus: "nvme", megabytes: 1 },
    { bus: "virtio", megabytes: 1 },
  ],
  nics: [
    { model: "e1000e", mac: "52:54:00:00:00:01" },
    { model: "virtio-net-pci", mac: "52:54:00:00:00:02" },
  ],
};

const devices = (args: readonly string[]) => args.filter((_, at) => args[at - 1] === "-device");

describe("a machine as QEMU's command line", () => {
  test("the firmware tries all of one kind before the next", () => {
    expect(
      devices(qemuArguments(machine, { order: ["network", "disk"] }, around)).filter((it) =>
        it.includes("bootindex"),
      ),
    ).toEqual([
      "nvme,drive=disk0,serial=LAB0,bootindex=17",
      "virtio-blk-pci,drive=disk1,serial=LAB1,bootindex=18",
      "e1000e,netdev=net0,mac=52:54:00:00:00:01,bootindex=1",
      "virtio-net-pci,netdev=net1,mac=52:54:00:00:00:02,speed=10000,duplex=full,bootindex=2",
    ]);
  });

  test("what is not in the order is not booted from", () => {
    expect(
      devices(qemuArguments(machine, { order: ["disk"] }, around)).filter((it) => it.includes("net0")),
    ).toEqual(["e1000e,netdev=net0,mac=52:54:00:00:00:01"]);
  });

  test("UEFI has its variables and no option ROMs", () => {
    const args = qemuArguments({ ...machine, firmware: "uefi" }, { order: ["network"] }, around);
    expect(args).toContain("if=pflash,format=raw,unit=1,file=variables");
    expect(
      devices(args)
        .filter((it) => it.includes("netdev="))
        .every((it) => it.includes("romfile=")),
    ).toBe(true);
  });

  test("HTTP Boot is what is left when PXE is taken away", () => {
    const args = qemuArguments(machine, { order: ["network"], networkOver: "http" }, around);
    expect(args.filter((_, at) => args[at - 1] === "-fw_cfg")).toEqual([
      "name=opt/org.tianocore/IPv4PXESupport,string=no",
      "name=opt/org.tianocore/IPv6PXESupport,string=no",
    ]);
  });

  test("a machine with a BMC is connected to it", () => {
    const args = qemuArguments(machine, { order: ["disk"] }, { ...around, bmcSocket: "bmc" });
    expect(args).toContain("socket,id=bmc,path=bmc,reconnect=1");
    expect(devices(args)).toContain("isa-ipmi-kcs,bmc=bmc0");
    expect(devices(qemuArguments(machine, { order: ["disk"] }, around)).join()).not.toContain("ipmi");
  });

  test("a machine with a TPM is connected to it", () => {
    const args = qemuArguments(machine, { order: ["disk"] }, { ...around, tpmSocket: "tpm" });
    expect(args).toContain("socket,id=tpm,path=tpm");
    expect(devices(args)).toContain("tpm-tis,tpmdev=tpm0");
    expect(devices(qemuArguments(machine, { order: ["disk"] }, around)).join()).not.toContain("tpm");
  });

  test("a disk that is dying says so where it is asked", () => {
    const faults = [{ on: "read", sector: 2048 }, { on: "write" }] as const;
    const dying: MachineDescription = { ...machine, disks: [{ bus: "sata", megabytes: 1, faults }] };
    expect(qemuArguments(dying, { order: [] }, around)).toContain(
      "if=none,id=disk0,format=raw,discard=unmap,file.driver=blkdebug,file.image.driver=file,file.image.filename=disk0," +
        "file.inject-error.0.event=none,file.inject-error.0.iotype=read,file.inject-error.0.errno=5,file.inject-error.0.sector=2048," +
        "file.inject-error.1.event=none,file.inject-error.1.iotype=write,file.inject-error.1.errno=5," +
        "file.inject-error.2.event=none,file.inject-error.2.iotype=write-zeroes,file.inject-error.2.errno=5",
    );
  });

  test("a kernel can be handed over without firmware", () => {
    const args = qemuArguments(machine, { kernel: "k", initramfs: "i", arguments: "a b" }, around);
    expect(args.slice(args.indexOf("-kernel"), args.indexOf("-kernel") + 6)).toEqual([
      "-kernel",
      "k",
      "-initrd",
      "i",
      "-append",
      "a b",
    ]);
  });
});
