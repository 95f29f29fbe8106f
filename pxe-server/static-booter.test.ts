import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type BootRule, bootRule, matches } from "./boot-rules.ts";
import type { Client } from "./booter.ts";
import { openStaticBooter } from "./static-booter.ts";

const client: Client = {
  mac: "52:54:00:12:34:56",
  macs: ["52:54:00:12:34:56", "52:54:00:aa:bb:cc"],
  uuid: "4C4C4544-0042-3510-8052-B4C04F4D4D31",
  serial: "B5RMMM1",
  architecture: "uefi-x64",
};
const asking = { ...client, bootId: "b1", stage: "script" } as const;
const rule = (match: object, boot: object = { disk: "exit" }): BootRule =>
  bootRule.parse({ name: "a rule", match, boot });

describe("a rule", () => {
  test.each([
    [{}],
    [{ mac: "52:54:00:12:34:56" }],
    [{ mac: "52-54-00-12-34-56" }],
    [{ mac: "5254.0012.3456" }],
    [{ mac: "52:54:00:*" }],
    [{ mac: "52:54:00:AA:BB:CC" }],
    [{ uuid: "4c4c4544-*" }],
    [{ serial: "b5*m1" }],
    [{ arch: "uefi-x64" }],
    [{ mac: "*", serial: "B5RMMM1" }],
  ])("with %j matches", (match) => expect(matches(rule(match), client)).toBe(true));

  test.each([
    [{ mac: "52:54:00:12:34:57" }],
    [{ mac: "52:54:00" }],
    [{ serial: "B5*MM1*1" }],
    [{ serial: "*M1B5*" }],
    [{ arch: "bios" }],
    [{ mac: "*", serial: "other" }],
  ])("with %j does not match", (match) => expect(matches(rule(match), client)).toBe(false));

  test("that asks for a serial does not match a machine that told none", () => {
    expect(matches(rule({ serial: "*" }), { mac: client.mac })).toBe(false);
  });

  test.each([
    ["an unknown field", { name: "r", boot: { disk: "exit" }, wen: {} }],
    ["a kernel argument with a blank", { name: "r", boot: { kernel: "k", args: ["a=b c"] } }],
    ["a file address", { name: "r", boot: { url: "file:///etc/shadow" } }],
    ["an unknown architecture", { name: "r", match: { arch: "vax" }, boot: { disk: "exit" } }],
    ["two things to boot", { name: "r", boot: { disk: "exit", url: "http://x/" } }],
  ])("with %s is refused", (_, text) => expect(bootRule.safeParse(text).success).toBe(false));
});

describe("the static booter", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ingot-static-"));
    await writeFile(join(folder, "vmlinuz"), "kernel bytes");
    await writeFile(join(folder, "init ram"), "initramfs bytes");
  });
  afterEach(() => rm(folder, { recursive: true }));

  const open = (rules: readonly BootRule[]) => openStaticBooter({ rules, folder, onReport: () => {} });
  const signal = new AbortController().signal;

  test("plans the first rule that matches, and serves its files", async () => {
    const booter = await open([
      rule({ mac: "00:*" }),
      rule({}, { kernel: "vmlinuz", initrd: ["init ram"], args: ["quiet"] }),
    ]);
    const plan = await booter.plan(asking, signal);
    expect(plan).toMatchObject({ do: "kernel", why: "rule a rule", args: [{ name: "quiet" }] });
    if (plan.do !== "kernel") return;
    expect(plan.initrds[0]).toMatch(/^[0-9a-f]{16}-init_ram$/);
    const kernel = await booter.asset(plan.kernel, signal);
    expect(Buffer.from(kernel!.bytes).toString()).toBe("kernel bytes");
  });

  test("ignores a machine that no rule matches", async () => {
    const booter = await open([rule({ mac: "00:*" })]);
    expect(await booter.plan(asking, signal)).toEqual({ do: "ignore", why: "no rule matches" });
  });

  test("lets firmware in that cannot tell the serial which a rule wants, and judges when iPXE has told it", async () => {
    const booter = await open([
      rule({ mac: "52:54:00:*", serial: "B5RMMM1" }, { disk: "sanboot" }),
      rule({ mac: "00:*" }),
    ]);
    const { serial: _, ...firmware } = { ...asking, stage: "firmware" } as const;
    expect(await booter.plan(firmware, signal)).toMatchObject({ do: "hold" });
    expect(await booter.plan({ ...firmware, mac: "06:00:00:00:00:01", macs: [] }, signal)).toMatchObject({
      do: "ignore",
    });
    expect(await booter.plan(asking, signal)).toMatchObject({ do: "disk", method: "sanboot" });
    expect(await booter.plan({ ...asking, serial: "other" }, signal)).toMatchObject({
      do: "disk",
      method: "exit",
    });
    expect(await booter.plan({ ...asking, serial: "other", stage: "loader" }, signal)).toMatchObject({
      do: "ignore",
    });
  });

  test("refuses to start when a file is missing", async () => {
    await expect(open([rule({}, { kernel: "absent" })])).rejects.toThrow(/Cannot read .*absent/);
  });

  test("serves no file that a rule did not name", async () => {
    const booter = await open([rule({}, { kernel: "vmlinuz" })]);
    for (const name of ["vmlinuz", "../vmlinuz", join(folder, "vmlinuz"), "init ram"]) {
      expect(await booter.asset(name, signal)).toBeUndefined();
    }
  });
});
