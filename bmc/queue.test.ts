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

const queueOf = (failToOpen: () => boolean = () => false, beforeOpen = async () => {}) => {
  const chassis = new SimulatedChassis({ clock });
  const open = async (): Promise<Bmc> => {
    if (failToOpen()) throw new Error("Cannot open: nobody is there");
    await beforeOpen();
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
    expect(order).toEqual(["on", "off", "first poll", "second poll"]);
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

  test("lets a command pass the polls that wait for a BMC that failed", async () => {
    let down = true;
    await using queue = queueOf(() => down);
    await expect(queue.poll("power", (bmc) => bmc.power.read())).rejects.toThrow("nobody is there");
    down = false;
    const poll = queue.poll("power", (bmc) => bmc.power.read());
    const command = queue.command("on", (bmc) => bmc.power.press("on"));
    await new Promise(setImmediate);
    clock.advance(1_000);
    await Promise.all([poll, command]);
    expect(trail.map(({ command }) => command)).toEqual(["power", "on", "power"]);
    expect(await poll).toBe("on");
  });

  test("gives up what takes too long, closes that connection and goes on", async () => {
    await using queue = queueOf();
    const endless = queue.poll("sensors", () => new Promise<never>(() => {}));
    const failure = expect(endless).rejects.toThrow("Cannot finish sensors: the BMC took longer than 120 s");
    await new Promise(setImmediate);
    clock.advance(120_000);
    await failure;
    const next = queue.poll("power", (bmc) => bmc.power.read());
    await new Promise(setImmediate);
    clock.advance(1_000);
    expect(await next).toBe("off");
    expect([opened, closed]).toEqual([2, 1]);
    expect(trail).toMatchObject([{ outcome: "failed", durationMs: 120_000 }, { outcome: "done" }]);
  });

  test("closes a connection that opens after it was given up", async () => {
    const late = Promise.withResolvers<void>();
    let first = true;
    await using queue = queueOf(
      () => false,
      async () => {
        if (first) await late.promise;
        first = false;
      },
    );
    const lost = expect(queue.command("on", (bmc) => bmc.power.press("on"))).rejects.toThrow("took longer");
    await new Promise(setImmediate);
    clock.advance(15 * 60_000);
    await lost;
    late.resolve();
    await expect.poll(() => closed).toBe(1);
    expect(opened).toBe(1);
  });

  test("opens anew after a quarter of an hour, so that no choice of protocol lasts for ever", async () => {
    await using queue = queueOf();
    const read = () => queue.poll("power", (bmc) => bmc.power.read());
    for (let seconds = 0; seconds < 15 * 60; seconds += 30) {
      await read();
      await new Promise(setImmediate);
      clock.advance(30_000);
    }
    expect(opened).toBe(1);
    await read();
    expect([opened, closed]).toEqual([2, 1]);
  });

  test("that is closed refuses work and leaves nothing open", async () => {
    const queue = queueOf();
    await queue.poll("power", (bmc) => bmc.power.read());
    await queue[Symbol.asyncDispose]();
    expect(closed).toBe(1);
    await expect(queue.command("on", (bmc) => bmc.power.press("on"))).rejects.toThrow("closed");
  });

  test("that closes during a rest or a command waits for neither, and tells whoever does", async () => {
    const failing = queueOf(() => true);
    await expect(failing.poll("power", (bmc) => bmc.power.read())).rejects.toThrow("nobody is there");
    const resting = expect(failing.poll("power", (bmc) => bmc.power.read())).rejects.toThrow("closed");
    const busy = queueOf();
    const stuck = expect(busy.command("on", () => new Promise<never>(() => {}))).rejects.toThrow("closed");
    await new Promise(setImmediate);
    await Promise.all([failing[Symbol.asyncDispose](), busy[Symbol.asyncDispose]()]);
    await Promise.all([resting, stuck]);
    expect(closed).toBe(1);
  });
});
