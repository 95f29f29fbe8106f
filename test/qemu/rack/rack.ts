// A rack as its owner writes it down: YAML, every field known, every mistake told with its line.
import { isNode, LineCounter, parseDocument } from "yaml";
import { z } from "zod";
import { type ProfileName, profiles } from "../../../bmc/simulator/quirks.ts";

const profileNames = Object.keys(profiles) as [ProfileName, ...ProfileName[]];

const fault = z.strictObject({
  on: z.enum(["read", "write"]),
  /** Of 512 bytes; without it, every access fails. */
  sector: z.int().min(0).optional(),
});

const disk = z.strictObject({
  bus: z.enum(["virtio", "nvme", "sata", "scsi"]).default("nvme"),
  megabytes: z.int().min(1).default(8192),
  serial: z
    .string()
    .regex(/^[\w-]{1,20}$/)
    .optional(),
  faults: z.array(fault).default([]),
  writeBytesPerSecond: z.int().min(1).optional(),
});

const cable = z.strictObject({
  plugged: z.boolean().optional(),
  lossPercent: z.number().min(0).max(100).optional(),
  /** What spanning tree does to a port that is not an edge: 30,000. */
  blockedForMs: z.int().min(0).optional(),
});

const nic = z.strictObject({
  model: z.enum(["virtio-net-pci", "e1000e"]).default("virtio-net-pci"),
  /** So many of them. */
  count: z.int().min(1).max(8).default(1),
  cable: cable.optional(),
});

const bmc = z.strictObject({
  quirks: z.enum(profileNames).default("honest"),
  user: z.string().min(1).max(16).default("admin"),
  password: z.string().min(1).max(20).default("ingot-lab"),
});

const machine = z.strictObject({
  // It names files and the machine itself, to QEMU.
  name: z.string().regex(/^[a-z][a-z0-9-]{0,30}$/, "lower-case letters, digits and dashes, a letter first"),
  firmware: z.enum(["bios", "uefi"]),
  cpus: z.int().min(1).max(16).default(2),
  memoryMegabytes: z.int().min(64).default(1024),
  disks: z.array(disk).default([]),
  nics: z.array(nic).default([{ model: "virtio-net-pci", count: 1 }]),
  /** TPM 2.0. */
  tpm: z.boolean().default(false),
  /** In which unit of the rack it is, from below. */
  position: z.int().min(1).max(60).optional(),
  /** What its firmware tries when its BMC says nothing. */
  boot: z.array(z.enum(["network", "disk"])).default(["network", "disk"]),
  bmc: z.union([bmc, z.literal("none")]).prefault({}),
});

const rack = z
  .strictObject({ machines: z.array(machine).min(1).max(24) })
  .superRefine(({ machines }, context) => {
    for (const [nth, { name, position }] of machines.entries()) {
      const other = machines.findIndex((one) => one.position === position);
      if (position !== undefined && other < nth) {
        const message = `${machines[other]!.name} is there already`;
        context.addIssue({ code: "custom", path: ["machines", nth, "position"], message });
      }
      if (machines.findIndex((other) => other.name === name) < nth)
        context.addIssue({ code: "custom", path: ["machines", nth, "name"], message: `a second ${name}` });
    }
  });

export type Rack = z.infer<typeof rack>;
export type RackMachine = Rack["machines"][number];

export function parseRack(text: string, file: string): Rack {
  const lineCounter = new LineCounter();
  const document = parseDocument(text, { lineCounter, prettyErrors: false });
  const mistakes = document.errors.map(
    ({ pos, message }) => `line ${lineCounter.linePos(pos[0]).line}: ${message}`,
  );
  if (mistakes.length === 0) {
    const { data, error } = rack.safeParse(document.toJS());
    if (data) return data;
    const lineOf = (path: readonly PropertyKey[]): number => {
      const node = path.length === 0 ? document.contents : document.getIn(path as (string | number)[], true);
      // What is missing is missing in what is around it.
      if (!isNode(node) || !node.range) return path.length === 0 ? 1 : lineOf(path.slice(0, -1));
      return lineCounter.linePos(node.range[0]).line;
    };
    mistakes.push(
      ...error.issues.map(({ path, message }) => `line ${lineOf(path)}: ${path.join(".")}: ${message}`),
    );
  }
  throw new Error(`Cannot use the rack in ${file}:\n  ${mistakes.join("\n  ")}`);
}
