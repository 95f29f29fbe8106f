// The seam over Redfish: against our emulated BMC in every profile of misbehaviour.
import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeTestAuthority, type TestAuthority } from "../../workshop/test-certificates.ts";
import { isAbsent } from "../bmc.ts";
import type { Clock } from "../clock.ts";
import { manualClock } from "../manual-clock.ts";
import { hurriedClock, profilesConformance } from "../profiles.conformance.ts";
import { SimulatedChassis } from "../simulator/chassis.ts";
import { type ProfileName, profiles, type Quirks } from "../simulator/quirks.ts";
import { openRedfishRack, type RedfishRack } from "../simulator/redfish/rack.ts";
import { systemClock } from "../system-clock.ts";
import { openRedfish, type RedfishOptions } from "./open.ts";
import { usualPatience } from "./service.ts";
import type { Trust } from "./trust.ts";

let authority: TestAuthority;
let rack: RedfishRack;
let sha256: string;
beforeAll(async () => {
  authority = await makeTestAuthority();
  const { certificate, key } = await authority.issue("bmc");
  sha256 = createHash("sha256").update(new X509Certificate(certificate).raw).digest("hex");
  rack = openRedfishRack({ certificate, key, randomBytes });
});
afterAll(async () => {
  await rack[Symbol.asyncDispose]();
  await authority[Symbol.asyncDispose]();
});

const patience = { ...usualPatience, closeForMs: 1_000_000 };
const deadlines = { connectMs: 1_000_000, requestMs: 1_000_000, patience };

const simulate = (quirks: Quirks, { clock = manualClock() }: { clock?: Clock } = {}) =>
  serve(new SimulatedChassis({ clock, quirks }));

async function serve(chassis: SimulatedChassis) {
  const server = await rack.serve(chassis);
  const warnings: string[] = [];
  const open = (options: Partial<RedfishOptions> = {}) =>
    openRedfish({
      clock: hurriedClock,
      host: server.address,
      port: server.port,
      trust: { by: "fingerprint", sha256 },
      user: "admin",
      password: "secret",
      systemUuid: chassis.furniture.identity.uuid,
      onWarning: (warning) => warnings.push(warning),
      ...deadlines,
      ...options,
    });
  return {
    chassis,
    server,
    warnings,
    open,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

/** The emulated BMC's minutes last milliseconds, for profiles that get over things by themselves. */
const fastClock: Clock = {
  now: () => systemClock.now() * 1_000,
  after: (ms, call) => systemClock.after(ms / 1_000, call),
};
const runsByItself = ({ burst, postMs, powerDelayMs, stalePowerMs }: Quirks) =>
  [burst, postMs, powerDelayMs, stalePowerMs].some((quirk) => quirk !== undefined);

profilesConformance({
  protocol: "Redfish",
  names: Object.keys(profiles) as ProfileName[],
  clocksOf: (quirks) => ({
    bmc: runsByItself(quirks) ? fastClock : manualClock(),
    waiting: hurriedClock,
  }),
  serve,
});

describe("a field lesson of Redfish:", () => {
  test.each<[ProfileName, string]>([
    ["etag required", "the ETag it was read with"],
    ["weak etags", "an ETag that is told weak and wanted strong"],
    ["settings resource", "the settings resource"],
    ["partial boot PATCH refused", "all three properties"],
    ["no boot mode", "no mode"],
    ["unsent boot fields lost", "all three, once more"],
    ["unchanged boot fields refused", "only what changes"],
    ["redirects", "another path"],
    ["trailing slash", "a slash at the end"],
  ])("with %s, a boot override is set by %s", async (name) => {
    await using simulated = await simulate(profiles[name]);
    await using bmc = await simulated.open();
    for (const lasting of ["once", "persistent", "persistent"] as const) {
      await bmc.boot.set({ device: "pxe", lasting, firmware: "uefi" });
      expect(simulated.chassis.bootOverride).toMatchObject({ device: "pxe", lasting });
    }
  });

  test("a one-time boot that the BMC will not follow reads back all the same: only the machine can tell", async () => {
    await using simulated = await simulate(profiles["one-time boot ignored"]);
    await using bmc = await simulated.open();
    await bmc.boot.set({ device: "pxe", lasting: "once" });
    expect(await bmc.boot.read()).toMatchObject({ device: "pxe" });
    await bmc.power.press("on");
    expect(simulated.chassis.lastBoot).toMatchObject({ device: "none" });
  });

  test.each([
    ["a wrong password", { password: "wrong" }],
    ["an unknown user", { user: "nobody" }],
  ])("%s is called that, at the first try", async (_, options) => {
    await using simulated = await simulate({});
    await expect(simulated.open(options)).rejects.toMatchObject({ kind: "credentials" });
    expect(simulated.server.openSessions).toBe(0);
  });

  test("without a session service, Basic authentication does, and is warned of only where there was one", async () => {
    await using simulated = await simulate(profiles["no session service"]);
    await using bmc = await simulated.open();
    expect(await bmc.power.read()).toBe("off");
    expect(simulated.warnings).toEqual([]);
  });

  test("a session that the BMC forgot is replaced by another", async () => {
    await using simulated = await simulate(profiles["sessions forgotten"]);
    await using bmc = await simulated.open();
    for (let n = 0; n < 10; n++) expect(await bmc.power.read()).toBe("off");
    expect(simulated.server.openSessions).toBeLessThanOrEqual(1);
  });

  test("running out of sessions is called that, and the lock-out that follows passes", async () => {
    const clock = manualClock();
    await using simulated = await simulate(profiles["few sessions"], { clock });
    const first = await simulated.open();
    await using _ = await simulated.open();
    await expect(simulated.open()).rejects.toMatchObject({ kind: "noFreeSession" });
    await first[Symbol.asyncDispose]();
    await expect(simulated.open()).rejects.toMatchObject({ kind: "noFreeSession" });
    clock.advance(20 * 60_000);
    await using again = await simulated.open();
    expect(await again.power.read()).toBe("off");
  });

  test("the session is given back even when opening fails afterwards, or was given up", async () => {
    await using simulated = await simulate(profiles["several systems"]);
    await expect(simulated.open({ systemUuid: undefined })).rejects.toThrow(/3 systems; say which/);
    expect(simulated.server.openSessions).toBe(0);
    const giveUp = new AbortController();
    const bmc = await simulated.open({ signal: giveUp.signal });
    giveUp.abort(new Error("enough"));
    await expect(bmc.power.read()).rejects.toThrow("enough");
    await bmc[Symbol.asyncDispose]();
    expect(simulated.server.openSessions).toBe(0);
  });

  test("of several systems the one with the UUID is meant, in whichever byte order it is told", async () => {
    await using simulated = await simulate(profiles["UUID in SMBIOS order"]);
    await using bmc = await simulated.open();
    expect(await bmc.chassis.facts()).toMatchObject({ serial: simulated.chassis.furniture.identity.serial });
    await bmc.power.press("on");
    expect(simulated.chassis.powered).toBe(true);
    await expect(simulated.open({ systemUuid: "00000000-0000-0000-0000-d05099faa835" })).rejects.toThrow(
      "none of its 2 systems",
    );
  });

  test("what POST forbids is done once POST is over", async () => {
    await using simulated = await simulate(profiles["slow POST"], { clock: fastClock });
    await using bmc = await simulated.open();
    await bmc.power.press("on");
    await bmc.boot.set({ device: "disk", lasting: "persistent" });
    expect(simulated.chassis.bootOverride).toMatchObject({ device: "disk" });
  });

  test("a POST that never ends is an error that names it", async () => {
    await using simulated = await simulate(profiles["slow POST"]);
    await using bmc = await simulated.open({
      patience: { ...patience, changeForMs: 9_000 },
    });
    await bmc.power.press("on");
    await expect(bmc.boot.set({ device: "disk", lasting: "once" })).rejects.toThrow(
      /in POST.*UnableToModifyDuringSystemPOST/,
    );
  });

  test("a feature without a licence is a value, not a failure", async () => {
    await using simulated = await simulate(profiles["no licence"]);
    await using bmc = await simulated.open();
    const answer = await bmc.boot.media("http://192.0.2.1/a.iso");
    expect(isAbsent(answer) && answer.absent).toMatch(/licence/);
  });

  test("turning on what is on is no failure where the BMC calls it a conflict", async () => {
    await using simulated = await simulate(profiles["pressing in vain refused"]);
    await using bmc = await simulated.open();
    for (const action of ["off", "on", "on", "off", "off"] as const) {
      expect(await bmc.power.press(action)).toBeUndefined();
      expect(simulated.chassis.powered).toBe(action === "on");
    }
  });

  test("a BMC that hangs after a burst ends in an error within its deadline", async () => {
    const clock = manualClock();
    await using simulated = await simulate(profiles["hangs after bursts"], { clock });
    const bmc = await simulated.open({ requestMs: 20_000 });
    const storm = async () => {
      for (let n = 0; n < 40; n++) await bmc.power.read();
    };
    await expect(storm()).rejects.toMatchObject({ kind: "noAnswer" });
    await bmc[Symbol.asyncDispose]();
    clock.advance(60_000);
    await using again = await simulated.open();
    expect(await again.power.read()).toBe("off");
  });

  test("a session that cannot be given back is warned of, and holds nobody up", async () => {
    const clock = manualClock();
    await using simulated = await simulate(profiles["hangs after bursts"], { clock });
    const bmc = await simulated.open({ patience: { ...patience, closeForMs: 2_000 } });
    const storm = async () => {
      for (let n = 0; n < 40; n++) await bmc.power.read();
    };
    const stormed = storm();
    stormed.catch(() => {});
    await expect.poll(() => simulated.server.isSilent).toBe(true);
    await bmc[Symbol.asyncDispose]();
    expect(simulated.warnings).toEqual([expect.stringContaining("keeps a session of ours")]);
    await expect(stormed).rejects.toMatchObject({ kind: "noAnswer" });
  });

  test("an account's user without the privilege is told so", async () => {
    await using simulated = await simulate({});
    await using admin = await simulated.open();
    await admin.accounts.put({ name: "eve", password: "pw", privilege: "readOnly" });
    await using eve = await simulated.open({ user: "eve", password: "pw" });
    await expect(eve.power.press("on")).rejects.toMatchObject({ kind: "privilege" });
  });

  test("the password of our own account can be changed, and the connection goes on", async () => {
    await using simulated = await simulate(profiles["no session service"]);
    await using bmc = await simulated.open();
    await bmc.accounts.put({ name: "admin", password: "rotated", privilege: "administrator" });
    expect(await bmc.power.read()).toBe("off");
  });
});

test.each<ProfileName>(["honest", "patched media"])(
  "an image is inserted, replaced and ejected: %s",
  async (name) => {
    await using simulated = await simulate(profiles[name]);
    await using bmc = await simulated.open();
    for (const image of ["http://192.0.2.1/a.iso", "http://192.0.2.1/b.iso", undefined]) {
      expect(await bmc.boot.media(image)).toBeUndefined();
      expect(simulated.server.media).toBe(image);
    }
  },
);

test("firmware, Secure Boot, network settings and where the console is are told", async () => {
  await using simulated = await simulate({});
  await using bmc = await simulated.open();
  expect(await bmc.chassis.firmware()).toContainEqual({ name: "BIOS", version: "1.7a" });
  expect(await bmc.boot.secureBoot()).toBe("disabled");
  const fixed = {
    source: "static",
    address: "192.0.2.77",
    netmask: "255.255.255.0",
    gateway: "192.0.2.1",
  } as const;
  await bmc.controller.setNetwork(fixed);
  expect(await bmc.controller.network()).toMatchObject(fixed);
  await bmc.controller.setNetwork({ source: "dhcp" });
  expect(await bmc.controller.network()).toMatchObject({ source: "dhcp" });
  expect(await bmc.console.open()).toEqual({ absent: expect.stringContaining("IPMI (port 623)") });
  expect((await bmc.chassis.facts()).macs).toEqual(simulated.chassis.furniture.identity.macs);
  await bmc.controller.reset();
  expect(await bmc.power.read(), "in a session of the restarted BMC").toBe("off");
});

describe("who answers is trusted", () => {
  test("by its authority, or although nobody vouches for it", async () => {
    await using simulated = await simulate({});
    for (const trust of [{ by: "authorities", pem: authority.certificate }, { by: "nothing" }] as const) {
      await using bmc = await simulated.open({ trust });
      expect(await bmc.power.read()).toBe("off");
    }
  });

  test.each<[string, Trust, RegExp]>([
    [
      "without an authority",
      { by: "system" },
      /authority that is not trusted; its certificate has the SHA-256/,
    ],
    [
      "with another certificate pinned",
      { by: "fingerprint", sha256: "ab:".repeat(31) + "ab" },
      /not the pinned one/,
    ],
    ["by authorities that are none", { by: "authorities", pem: "hello" }, /no PEM certificate/],
  ])("not %s, and no password goes there", async (_, trust, message) => {
    await using simulated = await simulate({});
    await expect(simulated.open({ trust })).rejects.toThrow(message);
    await expect(simulated.open({ trust })).rejects.toMatchObject({ kind: "untrusted" });
  });
});
