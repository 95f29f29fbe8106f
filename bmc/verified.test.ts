import { beforeEach, describe, expect, test } from "vitest";
import { type Bmc, isAbsent } from "./bmc.ts";
import type { Clock } from "./clock.ts";
import { ipmiBmc } from "./ipmi/driver.ts";
import { type ManualClock, manualClock, movedByWaiting } from "./manual-clock.ts";
import { SimulatedChassis } from "./simulator/chassis.ts";
import { insideTransport } from "./simulator/ipmi/simulated-device.ts";
import { profiles, type Quirks } from "./simulator/quirks.ts";
import { setBoot, setPower, startOver } from "./verified.ts";

let clock: ManualClock;
let verification: { readonly clock: Clock };
beforeEach(() => {
  clock = manualClock();
  verification = { clock: movedByWaiting(clock) };
});

async function serverOf(quirks: Quirks, poweredOn = false): Promise<{ chassis: SimulatedChassis; bmc: Bmc }> {
  const chassis = new SimulatedChassis({ clock, quirks, poweredOn });
  return { chassis, bmc: await ipmiBmc(insideTransport(chassis)) };
}

describe("turning a server on and off", () => {
  test.each<[keyof typeof profiles]>([
    ["honest"],
    ["slow power"],
    ["power commands get lost"],
    ["power state lies"],
    ["slow POST"],
  ])("comes to what was wanted: %s", async (profile) => {
    const { chassis, bmc } = await serverOf(profiles[profile]);
    for (const wanted of ["on", "off", "on"] as const) {
      await setPower(bmc, wanted, verification);
      expect(chassis.powered).toBe(wanted === "on");
      clock.advance(60_000);
    }
  });

  test("gives the operating system its time, then pulls the plug", async () => {
    const { chassis, bmc } = await serverOf(profiles["soft off ignored"], true);
    const before = clock.now();
    await setPower(bmc, "off", { ...verification, softForMs: 60_000 });
    expect(chassis.powered).toBe(false);
    expect(clock.now() - before).toBeGreaterThanOrEqual(60_000);
  });

  test("does not press what is already so", async () => {
    const { chassis, bmc } = await serverOf({ losesPowerCommand: 1_000_000 }, true);
    await setPower(bmc, "on", verification);
    expect(chassis.powered).toBe(true);
  });

  test("says so when nothing comes of it", async () => {
    const { bmc } = await serverOf({ powerDelayMs: 10_000_000 });
    await expect(setPower(bmc, "on", verification)).rejects.toThrow("acknowledged 3 times");
  });
});

test.each(["cycle", "reset"] as const)("a %s boots a server anew, also one that is off", async (action) => {
  for (const poweredOn of [true, false]) {
    const { chassis, bmc } = await serverOf({}, poweredOn);
    await setBoot(bmc, { device: "pxe", lasting: "once", firmware: "uefi" }, verification);
    await startOver(bmc, action, verification);
    expect(chassis.lastBoot).toMatchObject({ device: "pxe" });
  }
});

describe("a server in POST, whose BMC refuses,", () => {
  test("is asked again until it is through", async () => {
    const { chassis, bmc } = await serverOf(profiles["slow POST"]);
    await setPower(bmc, "on", verification);
    const before = clock.now();
    await setBoot(bmc, { device: "disk", lasting: "persistent" }, verification);
    expect(chassis.bootOverride).toMatchObject({ device: "disk" });
    expect(clock.now() - before).toBeGreaterThanOrEqual(80_000);
    await startOver(bmc, "reset", verification);
    expect(chassis.lastBoot).toMatchObject({ device: "disk" });
  });

  test("is switched off without waiting for its operating system", async () => {
    const { chassis, bmc } = await serverOf(profiles["slow POST"]);
    await setPower(bmc, "on", verification);
    const before = clock.now();
    await setPower(bmc, "off", { ...verification, softForMs: 60_000 });
    expect(chassis.powered).toBe(false);
    expect(clock.now() - before).toBeLessThan(60_000);
  });

  test("and stays there for ever, is an error that says so", async () => {
    const { bmc } = await serverOf({ postMs: Number.MAX_SAFE_INTEGER });
    await setPower(bmc, "on", verification);
    await expect(setBoot(bmc, { device: "pxe", lasting: "once" }, verification)).rejects.toThrow(/POST/);
  });
});

describe("a boot override", () => {
  const wanted = { device: "disk", lasting: "persistent", firmware: "uefi" } as const;
  test.each<[keyof typeof profiles, object]>([
    ["honest", wanted],
    ["efiboot ignored", { ...wanted, firmware: "legacy" }],
    ["persistent lost with efiboot", { ...wanted, lasting: "once" }],
  ])("is answered as the BMC took it: %s", async (profile, found) => {
    const { bmc } = await serverOf(profiles[profile]);
    expect(await setBoot(bmc, wanted, verification)).toEqual(found);
  });

  test("that did not take is told", async () => {
    const { bmc, chassis } = await serverOf({});
    chassis.setBootOverride = () => {};
    expect(isAbsent(await setBoot(bmc, wanted, verification))).toBe(true);
  });
});
