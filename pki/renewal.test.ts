import { beforeAll, describe, expect, test } from "vitest";
import { type Authority, createAuthority } from "./authority.ts";
import { day, hour } from "./lifetimes.ts";
import { renewalReason, renewalTime } from "./renewal.ts";

const now = new Date("2026-08-01T12:00:00Z");
const later = (ms: number) => new Date(now.getTime() + ms);
const clock = { now: () => now };

let ca: Authority;
beforeAll(async () => {
  ca = await createAuthority({ algorithm: "ed25519", clock });
});

test("a certificate of a day is renewed after twelve hours, however far it is backdated", async () => {
  for (const backdateMs of [0, hour, day]) {
    const { certificate } = await ca.issue({ purposes: ["serverAuth"], lifetimeMs: day, backdateMs });
    expect(renewalTime(certificate, { backdateMs })).toEqual(later(12 * hour));
  }
});

describe("a server's certificate", () => {
  const names = { dnsNames: ["node-1"], ipAddresses: ["10.0.0.1", "fd00::1"] };
  const issue = async () =>
    (await ca.issue({ ...names, purposes: ["serverAuth"], lifetimeMs: day })).certificate;
  const wanted = () => ({ ...names, now, authority: ca.certificate });

  test("serves while nothing has changed", async () => {
    expect(
      renewalReason(await issue(), { ...wanted(), ipAddresses: ["fd00:0::1", "10.0.0.1"] }),
    ).toBeUndefined();
  });

  test.each([
    { name: "half of its life is over", change: { now: later(12 * hour) }, why: "half of its life is over" },
    { name: "the clock was set back", change: { now: later(-2 * day) }, why: "the clock has changed" },
    {
      name: "an address came",
      change: { ipAddresses: ["10.0.0.1", "fd00::1", "10.0.0.2"] },
      why: "10.0.0.2 is not among",
    },
    {
      name: "a name came",
      change: { dnsNames: ["node-1", "node-1.example"] },
      why: "node-1.example is not among",
    },
    { name: "an address went", change: { ipAddresses: ["10.0.0.1"] }, why: "fd00::1 is no longer among" },
    { name: "a name went", change: { dnsNames: [] }, why: "node-1 is no longer among" },
  ])("is renewed when $name", async ({ change, why }) => {
    expect(renewalReason(await issue(), { ...wanted(), ...change })).toContain(why);
  });

  test("is renewed when its authority was replaced", async () => {
    const next = await createAuthority({ algorithm: "ed25519", clock });
    expect(renewalReason(await issue(), { ...wanted(), authority: next.certificate })).toBe(
      "its authority has changed",
    );
  });
});
