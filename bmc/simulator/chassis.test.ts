import { beforeEach, describe, expect, test } from "vitest";
import type { BootOverride, PowerAction } from "../bmc.ts";
import { type ManualClock, manualClock } from "../manual-clock.ts";
import { type Machine, noOverride, SimulatedChassis } from "./chassis.ts";
import type { Quirks } from "./quirks.ts";

let clock: ManualClock;
beforeEach(() => {
  clock = manualClock();
});

const chassisWith = (quirks: Quirks = {}, poweredOn = false) =>
  new SimulatedChassis({ clock, quirks, poweredOn });
const pxeOnce: BootOverride = { device: "pxe", lasting: "once" };
const diskAlways: BootOverride = { device: "disk", lasting: "persistent", firmware: "uefi" };

describe("the power button", () => {
  test.each<[from: string, PowerAction, to: string, boots: boolean]>([
    ["off", "on", "on", true],
    ["on", "on", "on", false],
    ["on", "off", "off", false],
    ["on", "softOff", "off", false],
    ["on", "cycle", "on", true],
    ["off", "cycle", "off", false],
    ["on", "reset", "on", true],
    ["off", "reset", "off", false],
  ])("%s, pressed %s, is %s", (from, action, to, boots) => {
    const chassis = chassisWith({}, from === "on");
    expect(chassis.press(action)).toBe("done");
    expect(chassis.powered ? "on" : "off").toBe(to);
    expect(chassis.lastBoot !== undefined).toBe(boots);
  });

  test("works the machine behind it, which may also stop and start by itself", async () => {
    const calls: string[] = [];
    const machine: Machine = {
      powerOn: ({ device }) => void calls.push(`on ${device}`),
      powerOff: () => void calls.push("off"),
      softOff: () => void calls.push("soft"),
      reset: ({ device }) => void calls.push(`reset ${device}`),
    };
    const chassis = new SimulatedChassis({ clock, machine });
    chassis.setBootOverride(pxeOnce);
    chassis.press("on");
    chassis.press("reset");
    chassis.press("softOff");
    expect(chassis.powered, "until the operating system obeyed").toBe(true);
    chassis.stopped();
    expect(chassis.powered).toBe(false);
    await Promise.resolve();
    expect(calls).toEqual(["on pxe", "reset none", "soft"]);
  });

  test("reports an error of the machine", async () => {
    const errors: unknown[] = [];
    const broken = () => Promise.reject(new Error("no such machine"));
    const machine = { powerOn: broken, powerOff: broken, softOff: broken, reset: broken };
    const chassis = new SimulatedChassis({ clock, machine, onMachineError: (error) => errors.push(error) });
    chassis.press("on");
    await expect.poll(() => errors.length).toBe(1);
  });
});

describe("the boot override", () => {
  test("once is taken by the next boot", () => {
    const chassis = chassisWith();
    chassis.setBootOverride(pxeOnce);
    chassis.press("on");
    expect(chassis.lastBoot).toEqual(pxeOnce);
    expect(chassis.bootOverride).toEqual(noOverride);
    expect(chassis.restarted()).toEqual(noOverride);
  });

  test("persistent stays", () => {
    const chassis = chassisWith();
    chassis.setBootOverride(diskAlways);
    chassis.press("on");
    expect(chassis.restarted()).toEqual(diskAlways);
  });
});

describe("an identify LED", () => {
  test("goes off after its time, or stays", () => {
    const chassis = chassisWith();
    chassis.setLed(15);
    clock.advance(14_999);
    expect(chassis.led).toMatchObject({ until: expect.any(Number) });
    clock.advance(1);
    expect(chassis.led).toBe("off");
    chassis.setLed("on");
    clock.advance(1_000_000);
    expect(chassis.led).toBe("on");
  });
});

describe("a BMC that misbehaves", () => {
  test("drops a boot flag after a minute, unless told to keep it", () => {
    const chassis = chassisWith({ bootFlagExpiryMs: 60_000 });
    chassis.setBootOverride(pxeOnce);
    clock.advance(60_000);
    expect(chassis.bootOverride).toEqual(noOverride);
    chassis.keepBootOverridePastTimeout(true);
    chassis.setBootOverride(pxeOnce);
    clock.advance(600_000);
    expect(chassis.bootOverride).toEqual(pxeOnce);
  });

  test.each<[string, Quirks, BootOverride]>([
    ["the EFI bit", { ignoresEfiBoot: true }, { device: "disk", lasting: "persistent" }],
    ["the persistent bit", { dropsPersistentWithEfi: true }, { ...diskAlways, lasting: "once" }],
  ])("drops %s", (_, quirks, kept) => {
    const chassis = chassisWith(quirks);
    chassis.setBootOverride(diskAlways);
    expect(chassis.bootOverride).toEqual(kept);
  });

  test("accepts a one-time boot and does not follow it", () => {
    const chassis = chassisWith({ ignoresBootOnce: true });
    chassis.setBootOverride(pxeOnce);
    chassis.press("on");
    expect(chassis.lastBoot).toEqual(noOverride);
  });

  test("lies about the power state for a while", () => {
    const chassis = chassisWith({ stalePowerMs: 20_000 });
    chassis.press("on");
    expect([chassis.powered, chassis.reportedPower]).toEqual([true, false]);
    clock.advance(20_000);
    expect(chassis.reportedPower).toBe(true);
  });

  test("loses every second power command", () => {
    const chassis = chassisWith({ losesPowerCommand: 2 });
    chassis.press("on");
    expect(chassis.powered).toBe(false);
    chassis.press("on");
    expect(chassis.powered).toBe(true);
  });

  test("takes its time", () => {
    const chassis = chassisWith({ powerDelayMs: 5_000 });
    chassis.press("on");
    clock.advance(4_999);
    expect(chassis.powered).toBe(false);
    clock.advance(1);
    expect(chassis.powered).toBe(true);
  });

  test("is worked by hand all the same", () => {
    const chassis = chassisWith({ losesPowerCommand: 2, powerDelayMs: 5_000, postMs: 90_000 });
    chassis.pressByHand("on");
    expect(chassis.powered).toBe(true);
    chassis.pressByHand("off");
    expect(chassis.powered).toBe(false);
  });

  test("refuses changes during POST, except to be switched off", () => {
    const chassis = chassisWith({ postMs: 90_000 });
    chassis.press("on");
    expect(chassis.press("reset")).toBe("inPost");
    clock.advance(90_000);
    expect(chassis.press("reset")).toBe("done");
    expect(chassis.press("off")).toBe("done");
  });
});

describe("the serial console", () => {
  test("echoes without a machine, and carries both ways with one", () => {
    const { serialConsole } = chassisWith();
    const seen: string[] = [];
    const typed: string[] = [];
    using _ = serialConsole.watch((bytes) => seen.push(Buffer.from(bytes).toString()));
    serialConsole.type(Buffer.from("ls\r"));
    serialConsole.attach((bytes) => typed.push(Buffer.from(bytes).toString()));
    serialConsole.type(Buffer.from("pwd\r"));
    serialConsole.print(Buffer.from("login: "));
    expect(seen).toEqual(["ls\r", "login: "]);
    expect(typed).toEqual(["pwd\r"]);
  });
});
