import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { mapping } from "./dismantle.ts";
import { holdersOf, takeApart } from "./teardown.ts";

let sys: string;
beforeEach(() => {
  sys = mkdtempSync(join(tmpdir(), "ingot-sys-"));
});
afterEach(() => rmSync(sys, { recursive: true }));

function put(path: string, text = ""): void {
  const file = join(sys, "block", path);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

/** sda1 and sda2 in one RAID, LVM on it, and an encrypted volume on that; sdb is nobody's. */
function build(): void {
  put("sda/sda1/holders/md127");
  put("sda/sda2/holders/md127");
  put("md127/md/level", "raid1\n");
  put("md127/holders/dm-0");
  put("dm-0/dm/name", "vg-root\n");
  put("dm-0/holders/dm-1");
  put("dm-1/dm/name", "secret\n");
  put("sdb/size", "1");
}

describe("what is built on a disk", () => {
  test("is found by every partition, the topmost first, each once", async () => {
    build();
    expect((await holdersOf(sys, "/dev/sda")).map(({ label }) => label)).toEqual([
      "secret (device mapper)",
      "vg-root (device mapper)",
      "md127 (raid1)",
    ]);
    expect(await holdersOf(sys, "/dev/sdb")).toEqual([]);
  });

  test("is taken apart in that order", async () => {
    build();
    const done: string[] = [];
    const labels = await takeApart(sys, "/dev/sda", {
      stopRaid: async (name) => void done.push(`stop ${name}`),
      removeMapping: async (name) => void done.push(`remove ${name}`),
    });
    expect(done).toEqual(["remove secret", "remove vg-root", "stop md127"]);
    expect(labels).toHaveLength(3);
  });

  test("and cannot be taken apart is named", async () => {
    build();
    const busy = () => Promise.reject(new Error("Cannot remove secret: EBUSY"));
    await expect(takeApart(sys, "/dev/sda", { stopRaid: busy, removeMapping: busy })).rejects.toThrow(
      "Cannot take secret (device mapper) apart, which /dev/sda is a part of: Cannot remove secret: EBUSY",
    );
  });

  test("is named to device mapper as its interface says", () => {
    const bytes = Buffer.from(mapping("vg-root"));
    expect(bytes).toHaveLength(312);
    expect([bytes.readUInt32LE(0), bytes.readUInt32LE(12)]).toEqual([4, 312]);
    expect(bytes.toString("utf8", 48, 56)).toBe("vg-root\0");
    expect(() => mapping("x".repeat(128))).toThrow("too long");
  });
});
