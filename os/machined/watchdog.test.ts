import { describe, expect, test } from "vitest";
import type { WatchdogDevice } from "../kernel/watchdog-device.ts";
import { Vitals } from "./vitals.ts";
import { petting, Watchdog } from "./watchdog.ts";

function dog(check: () => Promise<string | undefined>) {
  const said: string[] = [];
  let pets = 0;
  const look = petting({ check, log: { write: (_, text) => void said.push(text) }, pet: () => pets++ });
  return { look, said, pets: () => pets };
}

test("the watchdog is petted while all is well, and left alone for ever once something has ended", async () => {
  const vitals = new Vitals();
  const { look, said, pets } = dog(() => vitals.check());
  await look();
  await look();
  expect(pets()).toBe(2);
  vitals.lost("the agent has ended");
  await look();
  await look();
  expect(pets()).toBe(2);
  expect(said).toEqual(["the watchdog is left to reset the machine: the agent has ended"]);
});

test("a look that never comes back is no sign of life", async () => {
  const { look, pets } = dog(() => new Promise(() => {}));
  void look();
  await look();
  expect(pets()).toBe(0);
});

/** Hardware watchdogs that note what is done with them; `/dev/watchdog` is the first. */
function hardware({ present = ["/dev/watchdog", "/dev/watchdog1"], stops = true, most = Infinity } = {}) {
  const did: string[] = [];
  let turns: { ms: number; call: () => void } | undefined;
  const open = (path: string): WatchdogDevice => {
    if (!present.includes(path)) throw Object.assign(new Error(`ENOENT ${path}`), { code: "ENOENT" });
    did.push(`open ${path}`);
    let timeoutMs = 30_000;
    return {
      ...{ path, stops, timeoutMs: () => timeoutMs },
      setTimeout(ms) {
        if (ms > most) throw new Error(`Cannot set the timeout of ${path}: EINVAL`);
        did.push(`${path} bites after ${(timeoutMs = ms)}`);
      },
      pet: () => void did.push(`pet ${path}`),
      stop: () => void did.push(`stop ${path}`),
    };
  };
  const watchdog = new Watchdog({
    ...{ log: { write: () => undefined }, check: () => Promise.resolve(undefined), open },
    every(ms, call) {
      const own = (turns = { ms, call });
      return { [Symbol.dispose]: () => void (turns === own && (turns = undefined)) };
    },
  });
  /** What has been done since it was last asked. */
  const since = async () => {
    await Promise.resolve();
    return did.splice(0);
  };
  return { watchdog, since, turns: () => turns };
}

describe("the watchdog that a config names", () => {
  test("bites after its time, and is petted three times as often; without the config it is as before", async () => {
    const { watchdog, since, turns } = hardware();
    watchdog.start();
    expect(await since()).toEqual(["open /dev/watchdog", "pet /dev/watchdog"]);
    expect(turns()?.ms).toBe(10_000);
    const settings = { device: "/dev/watchdog0", timeoutMs: 12_000 };
    expect(watchdog.follow(settings)).toEqual({ ...settings, petEveryMs: 4000 });
    // The same device, by its other name: it is open already, and would be busy.
    expect(await since()).toEqual(["/dev/watchdog bites after 12000", "pet /dev/watchdog"]);
    expect(turns()?.ms).toBe(4000);
    watchdog.follow(undefined);
    expect(await since()).toEqual(["/dev/watchdog bites after 30000", "pet /dev/watchdog"]);
  });

  test("takes over from the one before, which is stopped", async () => {
    const { watchdog, since } = hardware();
    watchdog.start();
    await since();
    watchdog.follow({ device: "/dev/watchdog1", timeoutMs: 60_000 });
    expect(await since()).toEqual([
      ...[
        "open /dev/watchdog1",
        "/dev/watchdog1 bites after 60000",
        "stop /dev/watchdog",
        "pet /dev/watchdog1",
      ],
    ]);
  });

  test("has the one before beside it, where that cannot be stopped", async () => {
    const { watchdog, since } = hardware({ stops: false });
    watchdog.start();
    watchdog.follow({ device: "/dev/watchdog1", timeoutMs: 15_000 });
    await since();
    watchdog.follow(undefined);
    expect(await since()).toEqual([
      ...["/dev/watchdog bites after 30000", "pet /dev/watchdog", "pet /dev/watchdog1"],
    ]);
  });

  test("that is not there, or cannot wait so long, leaves the one before at work", async () => {
    const { watchdog, since, turns } = hardware({ most: 60_000 });
    watchdog.start();
    await since();
    expect(() => watchdog.follow({ device: "/dev/watchdog7", timeoutMs: 60_000 })).toThrow("ENOENT");
    expect(() => watchdog.follow({ device: "/dev/watchdog1", timeoutMs: 90_000 })).toThrow("EINVAL");
    expect(await since()).toEqual(["open /dev/watchdog1", "stop /dev/watchdog1"]);
    turns()!.call();
    expect(await since()).toEqual(["pet /dev/watchdog"]);
  });

  test("is asked for in vain on a machine without any", () => {
    const { watchdog, turns } = hardware({ present: [] });
    watchdog.start();
    // It goes on turning: it is what keeps the event loop alive.
    expect(turns()?.ms).toBe(10_000);
    expect(() => watchdog.follow({ device: "/dev/watchdog0", timeoutMs: 60_000 })).toThrow("ENOENT");
    watchdog.follow(undefined);
  });
});
