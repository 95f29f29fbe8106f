import { beforeEach, describe, expect, test } from "vitest";
import { absent, type Bmc } from "./bmc.ts";
import { ipmiBmc } from "./ipmi/driver.ts";
import { type ManualClock, manualClock } from "./manual-clock.ts";
import { type AuditEntry, BmcQueue } from "./queue.ts";
import { SimulatedChassis } from "./simulator/chassis.ts";
import { insideTransport } from "./simulator/ipmi/simulated-device.ts";

let clock: ManualClock;
let trail: AuditEntry[];
let opened: number;
let closed: number;

beforeEach(() => {
  clock = manualClock();
  trail = [];
  [opened, closed] = [0, 0];
});

const queueOf = (failToOpen: () => boolean = () => false) => {
  const chassis = new SimulatedChassis({ clock });
  const open = async (): Promise<Bmc> => {
    if (failToOpen()) throw new Error("Cannot open: nobody is there");
    opened++;
    const bmc = await ipmiBmc(insideTransport(chassis));
    return { ...bmc, [Symbol.asyncDispose]: async () => void closed++ };
  };
  return new BmcQueue({ clock, open, audit: (entry) => trail.push(entry) });
};

describe("a queue", () => {
  test("runs one thing at a time, commands before polls that wait", async () => {
    await using queue = queueOf();
    let running = 0;
    const order: string[] = [];
    const work = (name: string) => async () => {
      expect(++running).toBe(1);
      await Promise.resolve();
      order.push(name);
      running--;
    };
    await Promise.all([
      queue.poll("first poll", work("first poll")),
      queue.poll("second poll", work("second poll")),
      queue.command("on", work("on")),
      queue.command("off", work("off")),
    ]);
    expect(order).toEqual(["first poll", "on", "off", "second poll"]);
    expect(opened).toBe(1);
  });

  test("tells the audit trail how each thing ended, and never a password", async () => {
    await using queue = queueOf();
    const password = "do-not-log-me";
    await queue.command("set account", (bmc) =>
      bmc.accounts.put({ name: "ingot", password, privilege: "operator" }),
    );
    await queue.poll("firmware", async () => absent("IPMI has none"));
    const lost = () => Promise.reject(new Error("lost it"));
    await expect(queue.command("power on", lost)).rejects.toThrow("lost it");
    expect(trail).toMatchObject([
      { command: "set account", kind: "command", outcome: "done" },
      { command: "firmware", kind: "poll", outcome: "absent", why: "IPMI has none" },
      { command: "power on", outcome: "failed", why: "lost it" },
    ]);
    expect(JSON.stringify(trail)).not.toContain(password);
  });

  test("leaves a BMC alone after a failure, longer each time, and connects anew", async () => {
    let down = true;
    await using queue = queueOf(() => down);
    const read = () => queue.poll("power", (bmc) => bmc.power.read());
    await expect(read()).rejects.toThrow("nobody is there");

    const second = read();
    second.catch(() => {});
    await new Promise(setImmediate);
    clock.advance(999);
    await new Promise(setImmediate);
    expect(trail).toHaveLength(1);
    clock.advance(1);
    await expect(second).rejects.toThrow("nobody is there");

    down = false;
    const third = read();
    await new Promise(setImmediate);
    clock.advance(1_999);
    await new Promise(setImmediate);
    expect(trail).toHaveLength(2);
    clock.advance(1);
    expect(await third).toBe("off");
  });

  test("closes a session that nobody uses", async () => {
    await using queue = queueOf();
    await queue.poll("power", (bmc) => bmc.power.read());
    await new Promise(setImmediate);
    expect(closed).toBe(0);
    clock.advance(45_000);
    await new Promise(setImmediate);
    expect(closed).toBe(1);
    await queue.poll("power", (bmc) => bmc.power.read());
    expect(opened).toBe(2);
  });

  test("that is closed refuses work and leaves nothing open", async () => {
    const queue = queueOf();
    await queue.poll("power", (bmc) => bmc.power.read());
    await queue[Symbol.asyncDispose]();
    expect(closed).toBe(1);
    await expect(queue.command("on", (bmc) => bmc.power.press("on"))).rejects.toThrow("closed");
  });
});
