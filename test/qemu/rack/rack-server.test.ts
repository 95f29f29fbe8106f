// Each field of a rack's description, followed to the word that QEMU is told.
import { describe, expect, test } from "vitest";
import { qemuArguments } from "../framework/qemu-arguments.ts";
import { needsWire, wireSockets } from "../framework/wire/wiring.ts";
import { parseRack } from "./rack.ts";
import { hardwareOf } from "./rack-server.ts";

function hardware(text: string, nth: number) {
  const { machines, networks } = parseRack(text, "rack.yaml");
  return hardwareOf(machines[nth]!, nth, networks);
}

/** The command line of a machine that is the second of its rack. */
function commandLine(fields: string): string {
  const text = `machines:\n- { name: first, firmware: bios }\n- { name: second, ${fields} }`;
  const described = hardware(text, 1);
  const { disks = [], nics = [], tpm } = described;
  return qemuArguments(
    described,
    { order: ["network", "disk"] },
    {
      serialFile: "serial.log",
      serialSocket: "serial",
      qmpSocket: "qmp",
      tpmSocket: tpm ? "tpm" : undefined,
      uefi: { code: "code", variables: "variables" },
      diskFiles: disks.map((_, nth) => `disk${nth}`),
      taps: nics.map((_, nth) => `tap${nth}`),
      wires: nics.map((nic, nth) => (needsWire(nic) ? wireSockets((name) => name, nth) : undefined)),
      uuid: "00000000-0000-4000-8000-000000000001",
      serialNumber: "SN1",
    },
  ).join(" ");
}

describe("a field of a rack's description", () => {
  test.each([
    ["firmware: bios", "-machine pc,graphics=off"],
    ["firmware: uefi", "if=pflash,format=raw,unit=0,readonly=on,file=code"],
    ["firmware: bios", "-boot reboot-timeout=10000"],
    ["firmware: bios, cpus: 7", "-smp 7"],
    ["firmware: bios, memoryMegabytes: 320", "-m 320"],
    ["firmware: bios, disks: [{ bus: virtio }]", "virtio-blk-pci,drive=disk0,serial=LAB0"],
    ["firmware: bios, disks: [{ bus: nvme, serial: S1 }]", "nvme,drive=disk0,serial=S1"],
    ["firmware: bios, disks: [{ bus: sata }, { bus: sata }]", "ide-hd,bus=ahci1.0,drive=disk1"],
    ["firmware: bios, disks: [{ bus: scsi }]", "scsi-hd,bus=scsi0.0,drive=disk0"],
    ["firmware: bios, disks: [{ faults: [{ on: read, sector: 9 }] }]", "inject-error.0.sector=9"],
    ["firmware: bios, disks: [{ faults: [{ on: write }] }]", "inject-error.1.iotype=write-zeroes"],
    ["firmware: bios, disks: [{ writeBytesPerSecond: 5000 }]", "throttling.bps-write=5000"],
    ["firmware: bios", "virtio-net-pci,netdev=net0,mac=52:54:00:00:02:01"],
    ["firmware: bios, nics: [{ model: e1000e }]", "e1000e,netdev=net0"],
    ["firmware: bios, nics: [{ count: 3 }]", "netdev=net2,mac=52:54:00:00:02:03"],
    ["firmware: bios, nics: [{ vlan: 5 }]", "ifname=tap0,script=no,downscript=no,vnet_hdr=off"],
    [
      "firmware: bios, nics: [{ cable: { latencyMs: 5 } }]",
      "id=filter-fromMachine0,netdev=net0,queue=rx,outdev=fromMachine0",
    ],
    ["firmware: bios, tpm: true", "tpm-tis,tpmdev=tpm0"],
  ])("%s is told as %s", (fields, told) => {
    expect(commandLine(fields)).toContain(told);
  });

  test("a bad cable goes with every card that it is said of", () => {
    const text =
      "machines:\n- { name: a, firmware: bios, nics: [{ count: 2, cable: { lossPercent: 5 } }, { model: e1000e }] }";
    const { nics } = hardware(text, 0);
    expect(nics?.map(({ cable }) => cable?.lossPercent)).toEqual([5, 5, undefined]);
  });

  test("each card is plugged into the network that is said, and the ports of one row are one bond", () => {
    const text = `networks: [{ name: near }, { name: far, pxeServer: own }]
machines: [{ name: a, firmware: bios, nics: [{ network: far }, { count: 2, bond: lacp, vlan: 7 }] }]`;
    const bond = { name: "bond1", until: "nothing" };
    expect(hardware(text, 0).nics?.map(({ network, port }) => ({ network, port }))).toEqual([
      { network: 1, port: {} },
      { network: 0, port: { vlan: 7, bond } },
      { network: 0, port: { vlan: 7, bond } },
    ]);
  });
});
