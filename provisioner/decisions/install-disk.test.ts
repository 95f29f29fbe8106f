import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { DiskSelector } from "../resources/disk-selector.ts";
import type { InventoryDisk } from "../resources/inventory.ts";
import { installDisk } from "./install-disk.ts";
import { wipePlan } from "./wipe-method.ts";

const disk = (id: string, facts: Partial<InventoryDisk> = {}): InventoryDisk => ({
  id,
  device: `/dev/${id}`,
  model: "SAMSUNG MZ7L3",
  serial: `S-${id}`,
  wwid: `naa.${id}`,
  busPath: "",
  transport: "sata",
  sizeBytes: 480e9,
  logicalSectorBytes: 512,
  physicalSectorBytes: 4096,
  rotational: false,
  removable: false,
  readOnly: false,
  firmwareVersion: "",
  signatures: [],
  ...facts,
});

describe("the install disk", () => {
  test.each<[string, InventoryDisk[], DiskSelector, string | undefined]>([
    [
      "the smallest that is large enough",
      [disk("a"), disk("b", { sizeBytes: 240e9 }), disk("c", { sizeBytes: 4e9 })],
      {},
      "b",
    ],
    ["the same of two equal ones, in whatever order they are found", [disk("b"), disk("a")], {}, "a"],
    ["no USB stick", [disk("stick", { transport: "usb", sizeBytes: 64e9 }), disk("a")], {}, "a"],
    [
      "a USB stick that is asked for",
      [disk("stick", { transport: "usb" }), disk("a")],
      { transport: "usb" },
      "stick",
    ],
    ["no medium that can be taken out", [disk("cf", { removable: true })], {}, undefined],
    ["nothing read-only, even when asked for", [disk("a", { readOnly: true })], { serial: "S-a" }, undefined],
    ["no failing disk", [disk("a", { healthy: false }), disk("b", { sizeBytes: 8e12 })], {}, "b"],
    [
      "no volume of a cluster",
      [disk("san", { signatures: ["VMFS"] }), disk("b", { sizeBytes: 8e12 })],
      {},
      "b",
    ],
    ["by its serial number", [disk("a"), disk("b")], { serial: "s-B" }, "b"],
    ["by a pattern of its wwid", [disk("a"), disk("b")], { wwid: "*.b" }, "b"],
    [
      "by its model and its size",
      [disk("a", { model: "Intel" }), disk("b"), disk("c", { sizeBytes: 1e12 })],
      { model: "SAMSUNG*", atLeastBytes: 5e11 },
      "c",
    ],
    ["none that is larger than asked", [disk("a", { sizeBytes: 4e12 })], { atMostBytes: 1e12 }, undefined],
    ["none where there is none", [], {}, undefined],
  ])("is %s", (_, disks, selector, expected) => {
    expect(installDisk(disks, selector).disk?.id).toBe(expected);
  });

  test("comes with the reason for each other one", () => {
    const disks = [
      disk("a", { sizeBytes: 240e9 }),
      disk("b"),
      disk("c", { sizeBytes: 2e9 }),
      disk("d", { transport: "usb" }),
      disk("e", { healthy: false }),
      disk("f", { signatures: ["gfs2"] }),
      disk("g", { sizeBytes: 240e9 }),
    ];
    expect(installDisk(disks, {})).toMatchObject({
      why: "a is the smallest of 3 disks that fit",
      skipped: [
        { disk: "b", why: "a fits too, and is smaller" },
        { disk: "c", why: "has 2 GB, too little for a system" },
        { disk: "d", why: "is on USB" },
        { disk: "e", why: "says itself that it is failing" },
        { disk: "f", why: "bears gfs2, which other machines may use" },
        { disk: "g", why: "a fits too, and comes first" },
      ],
    });
    expect(installDisk([disk("a")], { serial: "X*", atLeastBytes: 1e12 })).toMatchObject({
      disk: undefined,
      why: "none of its 1 disks fits",
      skipped: [{ disk: "a", why: 'its serial is "S-a", not X*' }],
    });
  });

  const anyDisk = fc
    .record({
      id: fc.uuid(),
      transport: fc.constantFrom("nvme", "sata", "usb"),
      sizeBytes: fc.integer({ min: 1, max: 2e12 }),
      removable: fc.boolean(),
      readOnly: fc.boolean(),
      signatures: fc.subarray(["gpt", "VMFS", "LVM2_member"]),
    })
    .map(({ id, ...facts }) => disk(id, facts));

  test("is one that a wipe erases, and does not depend on the order or the names of disks", () => {
    fc.assert(
      fc.property(fc.uniqueArray(anyDisk, { selector: ({ id }) => id, maxLength: 6 }), (disks) => {
        const chosen = installDisk(disks, {});
        const renamed = disks.toReversed().map((one, index) => ({ ...one, device: `/dev/sd${index}` }));
        expect(installDisk(renamed, {}).disk?.id).toBe(chosen.disk?.id);
        expect(chosen.skipped.length + (chosen.disk ? 1 : 0)).toBe(disks.length);
        if (!chosen.disk) return;
        const plan = wipePlan([chosen.disk], { purpose: "initial", allTheSame: new Set() });
        expect(plan[0]!.is).toBe("wiped");
      }),
    );
  });
});

describe("the wipe", () => {
  const nothing = new Set<string>();
  test.each([
    ["a new machine's disk", disk("a"), { purpose: "initial", allTheSame: nothing }, "fast"],
    [
      "an NVMe disk that leaves",
      disk("a", { transport: "nvme" }),
      { purpose: "release", allTheSame: nothing },
      "nvmeSanitizeCryptographic",
    ],
    [
      "a solid-state disk that leaves",
      disk("a"),
      { purpose: "release", allTheSame: nothing },
      "scsiSanitize",
    ],
    [
      "a disk with a rule",
      disk("a"),
      { purpose: "initial", demanded: ["overwrite"], allTheSame: nothing },
      "overwrite",
    ],
    ["a stick", disk("a", { transport: "usb" }), { purpose: "release", allTheSame: nothing }, "is on USB"],
    [
      "a stick that is asked for",
      disk("a", { transport: "usb" }),
      { purpose: "initial", allTheSame: new Set(["a"]) },
      "fast",
    ],
    [
      "a read-only disk, even when asked for",
      disk("a", { readOnly: true }),
      { purpose: "initial", allTheSame: new Set(["a"]) },
      "is read-only",
    ],
    [
      "a volume of a cluster",
      disk("a", { signatures: ["VMFS"] }),
      { purpose: "release", allTheSame: nothing },
      "bears VMFS, which other machines may use",
    ],
  ] as const)("of %s", (_, one, asked, expected) => {
    const plan = wipePlan([one], asked)[0]!;
    expect(plan.is === "wiped" ? plan.methods[0] : plan.why).toBe(expected);
  });

  test("by a rule has no other way out", () => {
    const asked = { purpose: "release", demanded: ["nvmeSanitizeBlock"], allTheSame: nothing } as const;
    expect(wipePlan([disk("a", { transport: "nvme" })], asked)).toEqual([
      { is: "wiped", disk: "a", methods: ["nvmeSanitizeBlock"], why: "as its rule demands" },
    ]);
  });
});
