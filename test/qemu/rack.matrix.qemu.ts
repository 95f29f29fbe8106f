// Machines of every kind that a rack's description knows, each from power-on to the pool, alone in its rack: networks,
// cables, disks, and BMCs that misbehave. `npm run test:qemu -- --all rack.matrix`.
import { beforeAll, describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { operatingSystem } from "./framework/image.ts";
import { openTestLab } from "./lab/test-lab.ts";

beforeAll(() => operatingSystem());

const small = "disks: [{ bus: nvme, megabytes: 64 }]";

describe("a machine comes to the pool", () => {
  test.each([
    ["without a BMC", "", `firmware: bios, bmc: none, ${small}`],
    ["by UEFI PXE", "", `firmware: uefi, ${small}`],
    ["beside dnsmasq", "networks: [{ name: lab, dhcp: dnsmasq }]", `firmware: bios, ${small}`],
    ["beside Kea, by UEFI", "networks: [{ name: lab, dhcp: kea }]", `firmware: uefi, ${small}`],
    [
      "through a relay",
      "networks: [{ name: lab }, { name: far, pxeServer: relayed }]",
      `firmware: bios, ${small}, nics: [{ network: far }]`,
    ],
    [
      "from a second network of the provisioner",
      "networks: [{ name: lab }, { name: second, dhcp: dnsmasq }]",
      `firmware: bios, ${small}, nics: [{ network: second }]`,
    ],
    [
      "with every kind of disk",
      "",
      "firmware: bios, disks: [{ bus: virtio, megabytes: 16 }, { bus: nvme, megabytes: 16 }, { bus: sata, megabytes: 16 }, { bus: scsi, megabytes: 16 }]",
    ],
    [
      "though its cable is slow and loses frames",
      "",
      `firmware: bios, ${small}, nics: [{ cable: { lossPercent: 2, latencyMs: 10, jitterMs: 10 } }]`,
    ],
    // Its firmware asks for longer than that.
    [
      "though spanning tree keeps its port silent",
      "",
      `firmware: uefi, ${small}, nics: [{ cable: { blockedForMs: 30000 } }]`,
    ],
    [
      "behind a bond that falls back to single links",
      "",
      `firmware: bios, ${small}, nics: [{ count: 2, bond: lacp with fallback }]`,
    ],
  ])("%s", async (name, networks, machine) => {
    await using lab = await openTestLab(`rack ${name}`, `${networks}\nmachines: [{ name: one, ${machine} }]`);
    await lab.place("one");
    expect(await lab.reaches("one", "pool")).toBe("pool");
    const { disks } = (await lab.read("inventories", lab.machine("one").machine.uuid)) as {
      disks: unknown[];
    };
    expect(await lab.list("certificates")).toHaveLength(disks.length);
  });

  test("and tells which of its cables is not plugged in", async () => {
    const nics = "nics: [{ cable: { plugged: true } }, { model: e1000e, cable: { plugged: false } }]";
    await using lab = await openTestLab(
      "rack cables",
      `machines: [{ name: one, firmware: bios, bmc: none, ${small}, ${nics} }]`,
    );
    const { machine } = await lab.place("one");
    expect(await lab.reaches("one", "pool")).toBe("pool");
    const { networkInterfaces } = await lab.read("inventories", machine.uuid);
    const found = (networkInterfaces as { driver: string; carrier: boolean }[]).map(
      ({ driver, carrier }) => [driver, carrier] as const,
    );
    expect(Object.fromEntries(found)).toEqual({ virtio_net: true, e1000e: false });
  });

  test.each([
    "power commands get lost",
    "slow power",
    "power state lies",
    "few sessions",
    "hangs after bursts",
    "node busy",
    "LAN on channel 8",
    "free users have a name",
    "guid in SMBIOS order",
  ])("and its BMC, of which it is known that %s, has it turned off there", async (quirks) => {
    const rack = `machines: [{ name: one, firmware: bios, ${small}, bmc: { quirks: ${quirks} } }]`;
    await using lab = await openTestLab(`quirks ${quirks}`, rack);
    const { chassis } = await lab.place("one");
    expect(await lab.reaches("one", "pool")).toBe("pool");
    await expect.poll(() => chassis.powered, { timeout: 120_000, interval: 200 }).toBe(false);
  });

  test.each([
    "settings resource",
    "partial boot PATCH refused",
    "unsent boot fields lost",
    "several systems",
    "sessions forgotten",
    "redirects",
    "tasks",
  ])("and is turned on and off over Redfish, of which it is known that %s", async (quirks) => {
    const bmc = `{ speaks: [redfish], quirks: ${quirks} }`;
    const rack = `machines: [{ name: one, firmware: uefi, powered: false, ${small}, bmc: ${bmc} }]`;
    await using lab = await openTestLab(`redfish ${quirks}`, rack, { acceptsAll: false });
    const { chassis, machine, redfish } = await lab.place("one");
    const account = { address: redfish!.address, user: "admin", password: "ingot-lab", tls: "off" };
    const known = [{ uuid: machine.uuid, name: "first", accept: true, bmc: account }];
    await lab.api.call("POST", "/api/v1/machines/import", { format: "yaml", text: stringify(known) });
    expect(await lab.reaches("one", "pool")).toBe("pool");
    await expect.poll(() => chassis.powered, { timeout: 120_000, interval: 200 }).toBe(false);
  });
});

describe("a bond that insists on LACP", () => {
  test("is made with the system's own bonding driver, behind a card that the firmware boots from", async () => {
    const rack = `machines:
- { name: one, firmware: bios, ${small}, bmc: none, nics: [{ model: virtio-net-pci }, { count: 2, bond: lacp }] }`;
    const kernelArguments = [
      "bond=bond0:enx525400000102,enx525400000103:mode=802.3ad,miimon=100,lacp_rate=fast",
      "ip=bond0:dhcp",
    ];
    await using lab = await openTestLab("rack lacp", rack, { arguments: kernelArguments });
    await lab.place("one");
    expect(await lab.reaches("one", "pool")).toBe("pool");
    const { machine } = lab.machine("one");
    await machine.console.waitFor(/bond0.*10\.1\.0\.1\d\d/, { within: "operatingSystem" });
  });
});

describe("a VLAN", () => {
  test("is where the system finds its network when its kernel arguments say so", async () => {
    const rack = `networks: [{ name: lab }, { name: second, dhcp: dnsmasq }]
machines:
- { name: one, firmware: bios, ${small}, bmc: none, nics: [{ model: virtio-net-pci }, { network: second, vlan: 7 }] }`;
    const kernelArguments = ["vlan=vlan7:enx525400000102", "ip=vlan7:dhcp"];
    await using lab = await openTestLab("rack vlan", rack, { arguments: kernelArguments });
    await lab.place("one");
    expect(await lab.reaches("one", "pool")).toBe("pool");
    await lab.machine("one").machine.console.waitFor(/vlan7.*10\.2\.0\.2\d\d/, { within: "operatingSystem" });
  });
});
