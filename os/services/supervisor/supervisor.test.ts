import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { sleep } from "../../../cosi/clock.ts";
import { VirtualClock } from "../../../cosi/virtual-clock.ts";
import { LogBook } from "../logs/log-book.ts";
import type { HealthCheck, Running, Service } from "./service.ts";
import { Supervisor } from "./supervisor.ts";

let clock: VirtualClock;
let supervisor: Supervisor;
let order: string[];
beforeEach(() => {
  clock = new VirtualClock();
  order = [];
  supervisor = new Supervisor({
    clock,
    logs: new LogBook(() => clock.now()),
    changed: ({ id, state }) => void order.push(`${id} ${state}`),
  });
});
afterEach(() => supervisor.stopAll());

/** Runs until it is told to stop. */
const steady = async ({ started, signal }: Running) => {
  started("Started task");
  await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
};
const service = (id: string, rest: Partial<Service> = {}): Service => ({
  ...{ id, run: steady, restart: "always" },
  ...rest,
});
const standing = (id: string) => supervisor.standings.find((it) => it.id === id)!;
const state = (id: string) => standing(id).state;

describe("a service", () => {
  test("goes through its states, and each is told", async () => {
    supervisor.run(service("apid"));
    await clock.advance(0);
    expect(order).toEqual(["apid Initialized", "apid Preparing", "apid Starting", "apid Running"]);
    await supervisor.stopAll();
    expect(order.slice(4)).toEqual(["apid Stopping", "apid Finished"]);
  });

  test("waits for those that it depends on, and stops before them", async () => {
    supervisor.run(service("kubelet", { dependsOn: ["cri"] }));
    supervisor.run(service("cri"));
    await clock.advance(0);
    expect(order.indexOf("cri Running")).toBeLessThan(order.indexOf("kubelet Running"));
    await supervisor.stopAll();
    expect(order.indexOf("kubelet Finished")).toBeLessThan(order.indexOf("cri Stopping"));
  });

  test("that is spared goes on while those that depend on it are stopped", async () => {
    supervisor.run(service("apid"));
    supervisor.run(service("trustd", { dependsOn: ["apid"] }));
    supervisor.run(service("ext-agent"));
    await clock.advance(0);
    await supervisor.stopAll({ except: new Set(["apid"]) });
    expect([state("apid"), state("trustd"), state("ext-agent")]).toEqual(["Running", "Finished", "Finished"]);
  });

  test("waits for a dependency to be well, and says so", async () => {
    const { promise, resolve: recover } = Promise.withResolvers<void>();
    let isWell = false;
    const check = () => (isWell ? Promise.resolve() : Promise.reject(new Error("not yet")));
    const health: HealthCheck = { check, initialDelayMs: 1000, everyMs: 1000, timeoutMs: 500 };
    supervisor.run(service("cri", { health }));
    supervisor.run(
      service("kubelet", { dependsOn: ["cri"], conditions: [{ waitsFor: "the time", met: () => promise }] }),
    );
    await clock.advance(5000);
    expect(standing("kubelet").changes.at(-1)).toMatchObject({
      state: "Waiting",
      message: 'Waiting for service "cri" to be "up", the time',
    });
    isWell = true;
    await clock.advance(1000);
    expect(standing("kubelet").changes.at(-1)?.message).toBe("Waiting for the time");
    recover();
    await clock.advance(0);
    expect(state("kubelet")).toBe("Running");
  });

  test.each([
    ["always", "ends well", "Running"],
    ["always", "fails", "Running"],
    ["untilSuccess", "ends well", "Finished"],
    ["untilSuccess", "fails", "Running"],
    ["never", "ends well", "Finished"],
    ["never", "fails", "Failed"],
  ] as const)("with restart %s, when it %s once: %s", async (restart, how, then) => {
    let runs = 0;
    const run = async (running: Running) => {
      runs += 1;
      if (runs > 1) return steady(running);
      running.started("up");
      if (how === "fails") throw new Error("exit status 1");
    };
    supervisor.run(service("it", { restart, run }));
    await clock.advance(4_999);
    expect(runs).toBe(1);
    await clock.advance(1);
    expect(state("it")).toBe(then);
  });

  test("that always ends is started less and less often, until it has been steady for a while", async () => {
    const begun: number[] = [];
    let isSteady = false;
    const run = async ({ signal }: Running) => {
      begun.push(clock.elapsedMs());
      if (isSteady) await sleep(clock, 60_000, signal);
      isSteady = begun.length === 6;
      throw new Error("exit status 1");
    };
    supervisor.run(service("it", { run }));
    await clock.advance(270_000);
    const gaps = begun.slice(1).map((at, nth) => (at - begun[nth]!) / 1000);
    expect(gaps).toEqual([5, 10, 20, 40, 60, 60, 65, 10]);
  });

  test("whose check does not answer is not well, and is again when it does", async () => {
    let hangs = true;
    const check = (signal: AbortSignal) =>
      hangs
        ? new Promise<void>((_, reject) =>
            signal.addEventListener("abort", () => reject(signal.reason as Error)),
          )
        : Promise.resolve();
    const health: HealthCheck = { check, initialDelayMs: 0, everyMs: 1000, timeoutMs: 500 };
    supervisor.run(service("it", { health }));
    await clock.advance(600);
    expect(standing("it").health).toMatchObject({
      known: true,
      healthy: false,
      message: "it did not answer in time",
    });
    hangs = false;
    await clock.advance(1000);
    expect(standing("it").health).toMatchObject({ known: true, healthy: true });
  });

  test("is stopped while it waits to start again", async () => {
    supervisor.run(service("it", { run: () => Promise.reject(new Error("no")) }));
    await clock.advance(100);
    expect(standing("it").changes.at(-1)).toMatchObject({
      state: "Waiting",
      message: "no, going to restart",
    });
    await supervisor.stopAll();
    expect(state("it")).toBe("Finished");
  });
});

describe("operators", () => {
  test("may do with a service what it lets them", async () => {
    supervisor.run(service("ext", { operable: ["start", "stop", "restart"] }));
    await clock.advance(0);
    await supervisor.operate("stop", "ext");
    expect(state("ext")).toBe("Finished");
    await supervisor.operate("start", "ext");
    await clock.advance(0);
    expect(state("ext")).toBe("Running");
    await supervisor.operate("restart", "ext");
    await clock.advance(0);
    expect(order.filter((it) => it === "ext Running")).toHaveLength(3);
  });

  test("are told why not", async () => {
    supervisor.run(service("machined"));
    await expect(supervisor.operate("stop", "machined")).rejects.toThrow(
      `service "machined" doesn't support stop operation via API`,
    );
    await expect(supervisor.operate("stop", "nothing")).rejects.toThrow(`service "nothing" is not defined`);
  });
});
