// What every BMC of the seam must do, whatever protocol is behind it. Run against the emulated BMC over each protocol,
// and against BMCs of other authors where they can do it.
import { randomBytes } from "node:crypto";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Bmc, type BootOverride, type Capability, capabilityNames, isAbsent } from "./bmc.ts";

export interface Bench extends AsyncDisposable {
  readonly bmc: Bmc;
  /** Of the emulated chassis, where there is one: what really is, and an event to find. */
  readonly truth?: {
    readonly powered: () => boolean;
    readonly override: () => BootOverride;
    readonly led: () => string;
    readonly logEvent: () => void;
    readonly uuid: string;
    readonly serial: string;
    /** Opens the same BMC with other credentials; resolves when it let us in. */
    readonly openAs: (name: string, password: string) => Promise<void>;
  };
}

export interface ConformanceOptions {
  readonly open: () => Promise<Bench>;
  /** What this BMC is known to get wrong or lack; every one is a sentence in the output. */
  readonly without?: readonly Capability[];
}

export function bmcConformance(name: string, { open, without = [] }: ConformanceOptions): void {
  describe(`${name}, as any BMC,`, () => {
    let bench: Bench;
    let bmc: Bmc;
    beforeEach(async () => {
      bench = await open();
      bmc = bench.bmc;
    });
    afterEach(() => bench[Symbol.asyncDispose]());
    const offers = (capability: Capability) => !without.includes(capability);

    test("declares every capability, or why it is absent", () => {
      for (const capability of capabilityNames) {
        const offered = bmc.capabilities[capability];
        expect(offered === true || (isAbsent(offered) && offered.absent.length > 0), capability).toBe(true);
      }
    });

    test("turns on, resets, cycles and turns off, and says so", async () => {
      await bmc.power.press("on");
      await expect.poll(() => bmc.power.read(), { timeout: 10_000 }).toBe("on");
      if (bench.truth) expect(bench.truth.powered()).toBe(true);
      if (offers("cycle")) {
        await bmc.power.press("reset");
        await bmc.power.press("cycle");
        await expect.poll(() => bmc.power.read(), { timeout: 10_000 }).toBe("on");
      }
      await bmc.power.press("off");
      await expect.poll(() => bmc.power.read(), { timeout: 10_000 }).toBe("off");
    });

    const overrides: readonly BootOverride[] = (["pxe", "disk", "cdrom", "bios"] as const).flatMap((device) =>
      (["once", "persistent"] as const).flatMap((lasting) =>
        (["uefi", "legacy"] as const).map((firmware) => ({ device, lasting, firmware })),
      ),
    );
    test.runIf(offers("boot"))("reads back every boot override it was given", async () => {
      const asked = overrides.filter(
        ({ lasting, firmware }) =>
          (lasting === "once" || offers("bootPersistent")) &&
          (firmware === "legacy" || offers("bootFirmware")),
      );
      for (const { firmware, ...rest } of asked) {
        // Which of the two is nothing that a BMC without the choice can be told, or tells.
        const override = bmc.capabilities.bootFirmware === true ? { ...rest, firmware } : rest;
        expect(await bmc.boot.set(override)).toBeUndefined();
        expect(await bmc.boot.read()).toEqual(override);
        if (bench.truth) expect(bench.truth.override()).toEqual(override);
      }
      await bmc.boot.set({ device: "none", lasting: "once" });
      expect(await bmc.boot.read()).toMatchObject({ device: "none" });
    });

    test("tells who the server is", async () => {
      const facts = await bmc.chassis.facts();
      expect(facts.bmcFirmware).toMatch(/\d/);
      if (!bench.truth) return;
      // Not always the first: of some GUIDs, two byte orders make sense.
      expect(facts.uuids).toContain(bench.truth.uuid);
      expect(facts).toMatchObject({ manufacturer: "Ingot", serial: bench.truth.serial });
    });

    test.runIf(offers("identify"))("lights its LED", async () => {
      expect(await bmc.chassis.identify("on")).toBeUndefined();
      if (bench.truth) expect(bench.truth.led()).toBe("on");
      await bmc.chassis.identify("off");
      if (bench.truth) expect(bench.truth.led()).toBe("off");
    });

    test.runIf(offers("sensors"))("reads its sensors in their units", async () => {
      const sensors = await bmc.health.sensors();
      if (isAbsent(sensors)) throw new Error(sensors.absent);
      expect(sensors.length).toBeGreaterThan(0);
      if (!bench.truth) return;
      expect(sensors.find(({ name }) => name === "CPU Temp")).toMatchObject({
        kind: "temperature",
        reading: 41,
        unit: "degrees C",
        grade: "ok",
      });
      expect(sensors.find(({ name }) => name === "12V")).toMatchObject({
        kind: "voltage",
        reading: 12.06,
        unit: "V",
      });
      expect(sensors.find(({ name }) => name === "FAN2")?.reading).toBeUndefined();
    });

    test.runIf(offers("events"))("reads its event log and clears it", async () => {
      bench.truth?.logEvent();
      const events = await bmc.health.events();
      if (isAbsent(events)) throw new Error(events.absent);
      if (bench.truth)
        expect(events).toMatchObject([{ source: "CPU Temp", grade: "warning", at: expect.any(Number) }]);
      expect(await bmc.health.clearEvents()).toBeUndefined();
      expect(await bmc.health.events()).toEqual([]);
    });

    test.runIf(offers("accounts"))(
      "creates an account that works, changes its password and removes it",
      async () => {
        const password = randomBytes(10).toString("hex");
        expect(await bmc.accounts.put({ name: "ingot", password, privilege: "operator" })).toMatchObject({
          name: "ingot",
          enabled: true,
        });
        await bmc.accounts.put({ name: "ingot", password, privilege: "administrator" });
        const list = await bmc.accounts.list();
        if (isAbsent(list)) throw new Error(list.absent);
        expect(list.filter(({ name }) => name === "ingot")).toMatchObject([{ privilege: "administrator" }]);
        if (bench.truth) {
          await bench.truth.openAs("ingot", password);
          await expect(bench.truth.openAs("ingot", "wrong")).rejects.toThrow(
            /wrong password|credentials|401/i,
          );
        }
        await bmc.accounts.remove("ingot");
        expect(JSON.stringify(await bmc.accounts.list())).not.toContain("ingot");
      },
    );

    test.runIf(offers("network"))("tells its own address", async () => {
      const network = await bmc.controller.network();
      if (isAbsent(network)) throw new Error(network.absent);
      expect(network.mac).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
    });

    test("answers a lack as a value", async () => {
      const { virtualMedia, secureBoot } = bmc.capabilities;
      if (virtualMedia !== true) expect(isAbsent(await bmc.boot.media("http://192.0.2.1/a.iso"))).toBe(true);
      if (secureBoot !== true) expect(isAbsent(await bmc.boot.secureBoot())).toBe(true);
    });
  });
}
