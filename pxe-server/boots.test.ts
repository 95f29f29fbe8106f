import { beforeEach, describe, expect, test } from "vitest";
import type { Asking, BootPlan, Report } from "./booter.ts";
import { Boots } from "./boots.ts";

const mac = "52:54:00:00:00:01";
let asked: Asking[];
let reports: Report[];
let plan: BootPlan;
let boots: Boots;
beforeEach(() => {
  [asked, reports] = [[], []];
  plan = { do: "disk", why: "installed", method: "exit" };
  let id = 0;
  boots = new Boots({
    booter: {
      plan: async (asking) => {
        asked.push(asking);
        return plan;
      },
      asset: async () => undefined,
      report: (report) => reports.push(report),
    },
    clock: {
      now: () => 5,
      every: () => ({ [Symbol.dispose]: () => {} }),
      sleep: () => Promise.reject(new Error("nobody sleeps here")),
    },
    newId: () => `b${++id}`,
    onReport: () => {},
    signal: new AbortController().signal,
  });
});
const scripted = { step: "scripted", plan: "disk", why: "" } as const;
const downloading = {
  step: "downloading",
  over: "tftp",
  file: "snponly.efi",
  sentBytes: 0,
  totalBytes: 9,
} as const;

describe("one power-on is one boot", () => {
  test("from firmware's repeated questions to iPXE's script", () => {
    const boot = boots.begin({ mac }, "firmware");
    expect(boots.begin({ mac }, "firmware")).toBe(boot);
    boots.report(boot, downloading);
    expect(boots.begin({ mac }, "ipxe")).toBe(boot);
    expect(boots.resume({ mac, serial: "B5" })).toBe(boot);
    expect(boot.client.serial).toBe("B5");
    expect(boots.withId(boot.id)).toBe(boot);
  });

  test("until firmware asks again after it had its loader", () => {
    const boot = boots.begin({ mac }, "firmware");
    boots.report(boot, downloading);
    expect(boots.begin({ mac }, "firmware")).not.toBe(boot);
    expect(boots.withId(boot.id)).toBeUndefined();
  });

  test("until iPXE in a ROM asks again after it had its script", () => {
    const boot = boots.begin({ mac }, "ipxe");
    expect(boots.begin({ mac }, "ipxe")).toBe(boot);
    boots.report(boot, scripted);
    expect(boots.begin({ mac }, "ipxe")).not.toBe(boot);
  });

  test("whichever of its interfaces iPXE goes on with", () => {
    const boot = boots.begin({ mac }, "firmware");
    expect(boots.resume({ mac: "52:54:00:00:00:02", macs: [mac, "52:54:00:00:00:02"] })).toBe(boot);
  });
});

describe("the gate", () => {
  test("asks with everything that is known, which part of the boot, and of which", async () => {
    const boot = boots.begin({ mac, uuid: "u" }, "firmware");
    boots.locate(boot, "192.0.2.7");
    await boots.admit(boot, "loader");
    expect(asked).toEqual([{ mac, uuid: "u", address: "192.0.2.7", bootId: boot.id, stage: "loader" }]);
  });

  test("reports whom it refuses", async () => {
    plan = { do: "ignore", why: "not ours" };
    const boot = boots.begin({ mac }, "firmware");
    expect(await boots.admit(boot, "firmware")).toEqual({ admitted: false, why: "not ours" });
    expect(reports).toEqual([{ bootId: "b1", mac, atMs: 5, progress: { step: "ignored", why: "not ours" } }]);
  });
});

test("an address is the machine's that had it last", () => {
  const first = boots.begin({ mac }, "firmware");
  const second = boots.begin({ mac: "52:54:00:00:00:02" }, "firmware");
  boots.locate(first, "192.0.2.7");
  boots.locate(second, "192.0.2.7");
  boots.locate(first, "192.0.2.8");
  expect([boots.at("192.0.2.7"), boots.at("192.0.2.8")]).toEqual([second, first]);
});

test("a flood of machines that do not exist is forgotten, the oldest first", () => {
  const macOf = (n: number) =>
    `02:00:00:00:${(n >> 8).toString(16).padStart(2, "0")}:${(n & 255).toString(16).padStart(2, "0")}`;
  const ids = Array.from({ length: 12_000 }, (_, n) => boots.begin({ mac: macOf(n) }, "firmware").id);
  const known = ids.filter((id) => boots.withId(id) !== undefined);
  expect(known).toHaveLength(10_000);
  expect(known).toEqual(ids.slice(-10_000));
});
