// What a rack's description can say. docs/rack.md is made of this: `npm run generate`.
import { z } from "zod";
import { type ProfileName, profiles } from "../../../bmc/simulator/quirks.ts";

const profileNames = Object.keys(profiles) as [ProfileName, ...ProfileName[]];

const name = z
  .string()
  .regex(/^[a-z][a-z0-9-]{0,30}$/, "lower-case letters, digits and dashes, a letter first");

const fault = z.strictObject({
  on: z.enum(["read", "write"]).describe("which accesses fail; one that refuses writes refuses zeroing too"),
  sector: z.int().min(0).optional().describe("of 512 bytes; without it, every access fails"),
});

const disk = z.strictObject({
  bus: z.enum(["virtio", "nvme", "sata", "scsi"]).default("nvme").describe("how it is attached"),
  megabytes: z.int().min(1).default(8192).describe("its size; it takes room only where it is written"),
  serial: z
    .string()
    .regex(/^[\w-]{1,20}$/)
    .optional()
    .describe("its serial number; `LAB` and its place, unless said"),
  faults: z.array(fault).default([]).describe("what is broken in it"),
  writeBytesPerSecond: z.int().min(1).optional().describe("as slow as that at writing"),
});

const cable = z.strictObject({
  plugged: z.boolean().optional().describe("`false`: it is not"),
  lossPercent: z.number().min(0).max(100).optional().describe("of all frames, both ways"),
  blockedForMs: z
    .int()
    .min(0)
    .optional()
    .describe(
      "after power-on and after each restart the port forwards nothing: spanning tree on a port that is no edge takes 30000",
    ),
  latencyMs: z.number().min(0).max(10_000).optional().describe("each way"),
  jitterMs: z.number().min(0).max(10_000).optional().describe("of each frame by chance, up to so much more"),
});

const nic = z.strictObject({
  model: z
    .enum(["virtio-net-pci", "e1000e"])
    .default("virtio-net-pci")
    .describe("which card; OVMF boots from virtio alone"),
  count: z.int().min(1).max(8).default(1).describe("so many of them"),
  network: name.optional().describe("where they are plugged in; the first network, unless said"),
  vlan: z
    .int()
    .min(1)
    .max(4094)
    .optional()
    .describe("the network comes with this tag, and untagged frames are dropped: no firmware boots there"),
  bond: z
    .enum(["lacp", "lacp with fallback"])
    .optional()
    .describe(
      "these cards' ports are one bond (802.3ad). Until the machine speaks LACP they forward nothing, or, with fallback, as if they were not bonded",
    ),
  cable: cable.optional().describe("what is wrong between card and switch"),
});

const bmc = z.strictObject({
  speaks: z
    .array(z.enum(["ipmi", "redfish"]))
    .min(1)
    .default(["ipmi"])
    .describe("its protocols: IPMI on port 623, Redfish on 443"),
  quirks: z.enum(profileNames).default("honest").describe("how it misbehaves"),
  user: z.string().min(1).max(16).default("admin").describe("an administrator that it has from the factory"),
  password: z.string().min(1).max(20).default("ingot-lab").describe("whose password this is"),
});

const machine = z
  .strictObject({
    // It names files and the machine itself, to QEMU.
    name: name.describe("what the lab calls it"),
    firmware: z.enum(["bios", "uefi"]).describe("SeaBIOS or OVMF"),
    cpus: z
      .int()
      .min(1)
      .max(16)
      .optional()
      .describe("how many; unless said, two where the computer has two for each machine, else one"),
    memoryMegabytes: z.int().min(64).default(1024).describe("of memory; agents need 1024"),
    disks: z.array(disk).default([]).describe("none, unless said"),
    nics: z
      .array(nic)
      .default([{ model: "virtio-net-pci", count: 1 }])
      .describe("one virtio card, unless said"),
    tpm: z.boolean().default(false).describe("TPM 2.0"),
    position: z.int().min(1).max(60).optional().describe("in which unit of the rack it is, from below"),
    boot: z
      .array(z.enum(["network", "disk"]))
      .default(["network", "disk"])
      .describe("what its firmware tries when its BMC says nothing"),
    powered: z
      .boolean()
      .default(true)
      .describe("`false`: nobody presses its button; it is off until its BMC is told otherwise"),
    networkBoot: z
      .enum(["pxe", "http"])
      .default("pxe")
      .describe("how: PXE, or UEFI HTTP Boot, for which it needs `firmware: uefi`"),
    bmc: z
      .union([bmc, z.literal("none")])
      .prefault({})
      .describe("or `none`"),
  })
  .refine(({ firmware, networkBoot }) => firmware === "uefi" || networkBoot === "pxe", {
    error: "only UEFI boots over HTTP",
    path: ["networkBoot"],
  });

const network = z.strictObject({
  name: name.describe("what machines' cards call it. The first one has the provisioner and the BMCs"),
  pxeServer: z
    .enum(["provisioner", "own", "relayed"])
    .default("provisioner")
    .describe(
      "who boots its machines: the provisioner itself, plugged in; a pxe-server of its own; or the provisioner, through a relay on the network's router",
    ),
  dhcp: z
    .enum(["ours", "dnsmasq", "kea", "none"])
    .default("ours")
    .describe(
      "who gives addresses: the pxe-server, somebody else's server, or nobody, so that no machine boots; the pxe-server is a proxy beside them",
    ),
});

const networks = z
  .array(network)
  .min(1)
  .max(8)
  .superRefine((list, context) => {
    for (const [nth, { name, pxeServer, dhcp }] of list.entries()) {
      const refuse = (field: string, message: string) =>
        context.addIssue({ code: "custom", path: [nth, field], message });
      if (list.findIndex((other) => other.name === name) < nth) refuse("name", `a second ${name}`);
      if (nth === 0 && pxeServer !== "provisioner")
        refuse("pxeServer", "the first network is the provisioner's");
      if (pxeServer === "relayed" && (dhcp === "dnsmasq" || dhcp === "kea"))
        refuse("dhcp", "behind a relay it is ours or none");
    }
  });

export const rackSchema = z
  .strictObject({
    networks: networks
      .prefault([{ name: "lab" }])
      .describe("the Nth is 10.N.0.0/24; one of everything usual, unless said"),
    machines: z.array(machine).min(1).max(24).describe("from first to last"),
  })
  .superRefine(({ networks, machines }, context) => {
    const known = networks.map((one) => one.name);
    for (const [nth, { name, position, nics }] of machines.entries()) {
      const refuse = (path: readonly (string | number)[], message: string) =>
        context.addIssue({ code: "custom", path: ["machines", nth, ...path], message });
      const other = machines.findIndex((one) => one.position === position);
      if (position !== undefined && other < nth)
        refuse(["position"], `${machines[other]!.name} is there already`);
      if (machines.findIndex((one) => one.name === name) < nth) refuse(["name"], `a second ${name}`);
      for (const [at, { network: wanted }] of nics.entries()) {
        if (wanted !== undefined && !known.includes(wanted))
          refuse(["nics", at, "network"], `there is: ${known.join(", ")}`);
      }
    }
  });

export type Rack = z.infer<typeof rackSchema>;
export type RackMachine = Rack["machines"][number];
export type RackNetwork = Rack["networks"][number];
