// The seam over IPMI: against our emulated BMC in every profile of misbehaviour that IPMI shows.
import { randomBytes } from "node:crypto";
import { networkInterfaces } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { bmcConformance } from "../bmc.conformance.ts";
import { isAbsent } from "../bmc.ts";
import type { Clock } from "../clock.ts";
import { type ManualClock, manualClock, movedByWaiting } from "../manual-clock.ts";
import { hurriedClock, profilesConformance } from "../profiles.conformance.ts";
import { SimulatedChassis } from "../simulator/chassis.ts";
import { openIpmiServer } from "../simulator/ipmi/server.ts";
import { insideTransport } from "../simulator/ipmi/simulated-device.ts";
import { type ProfileName, profiles, type Quirks } from "../simulator/quirks.ts";
import { systemClock } from "../system-clock.ts";
import { setBoot } from "../verified.ts";
import { ipmiBmc } from "./driver.ts";
import { type LanPort, openLanPort } from "./lan-port.ts";
import { type IpmiOptions, openIpmi } from "./open.ts";

let port: LanPort;
beforeAll(async () => {
  port = await openLanPort({ randomU32: () => randomBytes(4).readUInt32LE() });
});
afterAll(() => port[Symbol.asyncDispose]());

/** Of the hurried clock: a second of real time for an answer. Nothing is idle for long. */
const hurried = {
  clock: hurriedClock,
  patience: { firstMs: 100_000, tries: 4 },
  keepAliveMs: 0,
} as const;

/** The emulated BMC's clock stands still until moved: its minutes take no time. */
async function simulate(quirks: Quirks) {
  const clock = manualClock();
  return { clock, ...(await serve(new SimulatedChassis({ clock, quirks }))) };
}

async function serve(chassis: SimulatedChassis) {
  const server = await openIpmiServer({ chassis, randomBytes });
  const warnings: string[] = [];
  const open = (options: Partial<IpmiOptions> = {}) =>
    openIpmi({
      port,
      ...hurried,
      randomBytes,
      host: server.address,
      udpPort: server.port,
      user: "admin",
      password: "secret",
      onWarning: (warning) => warnings.push(warning),
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

/** The others misbehave over Redfish alone. */
const showsOverIpmi = (name: ProfileName) =>
  name === "honest" || Object.keys(profiles[name]).some((quirk) => quirk !== "redfish");

/** Time for somebody who asks at the pace that a BMC can bear. */
const movedByAsking = (clock: ManualClock): Clock => ({
  ...clock,
  now: () => {
    clock.advance(60);
    return clock.now();
  },
});

profilesConformance({
  protocol: "IPMI",
  names: (Object.keys(profiles) as ProfileName[]).filter(showsOverIpmi),
  clocksOf: ({ burst }) => {
    const clock = manualClock();
    return { bmc: burst ? movedByAsking(clock) : clock, waiting: movedByWaiting(clock) };
  },
  serve,
});

bmcConformance("IPMI from inside the machine", {
  open: async () => {
    const bmc = await ipmiBmc(insideTransport(new SimulatedChassis({ clock: systemClock })));
    return { bmc, [Symbol.asyncDispose]: () => bmc[Symbol.asyncDispose]() };
  },
});

describe("a field lesson of IPMI:", () => {
  test("a boot flag outlives the minute after which BMCs drop it, since parameter 3 goes first", async () => {
    await using simulated = await simulate(profiles["boot flags expire"]);
    await using bmc = await simulated.open();
    await bmc.boot.set({ device: "pxe", lasting: "once", firmware: "uefi" });
    simulated.clock.advance(10 * 60_000);
    await bmc.power.press("on");
    expect(simulated.chassis.lastBoot).toMatchObject({ device: "pxe" });
  });

  test("a disk is booted by UEFI where the firmware has a code of its own for it", async () => {
    await using simulated = await simulate(profiles["a UEFI disk of its own"]);
    await using bmc = await simulated.open();
    for (const firmware of ["uefi", "legacy"] as const) {
      await bmc.boot.set({ device: "disk", lasting: "persistent", firmware });
      await bmc.power.press("off");
      await bmc.power.press("on");
      expect(simulated.chassis.lastBoot).toEqual({ device: "disk", lasting: "persistent", firmware });
    }
  });

  test.each([
    ["efiboot ignored", { firmware: "legacy" }],
    ["persistent lost with efiboot", { lasting: "once" }],
  ] as const)("what is lost of a boot override is seen by reading it back: %s", async (name, lost) => {
    await using simulated = await simulate(profiles[name]);
    await using bmc = await simulated.open();
    const wanted = { device: "pxe", lasting: "persistent", firmware: "uefi" } as const;
    expect(await setBoot(bmc, wanted, hurried)).toEqual({ ...wanted, ...lost });
  });

  test("a BMC with no suite but 0 is reported and refused", async () => {
    await using simulated = await simulate({ cipherSuites: [0] });
    await expect(simulated.open()).rejects.toThrow(
      "it offers cipher suites 0, and only 17 and 3 are spoken here",
    );
    expect(simulated.warnings).toEqual([expect.stringContaining("without a password")]);
  });

  test("cipher suite 0 is reported and not used", async () => {
    await using simulated = await simulate(profiles["suite 0 open"]);
    await using _ = await simulated.open();
    expect(simulated.warnings).toEqual([expect.stringContaining("without a password")]);
  });

  test.each([
    ["a wrong password", { password: "wrong" }, /wrong password for user "admin"/],
    ["an unknown user", { user: "nobody" }, /knows no user "nobody"/],
    ["a suite that is refused", { suites: [17] }, /refuses cipher suite 17/],
  ])("%s is called that", async (_, options, message) => {
    await using simulated = await simulate(profiles["only suite 3"]);
    await expect(simulated.open(options)).rejects.toThrow(message);
    await expect.poll(() => simulated.server.openSessions).toBe(0);
  });

  test("a user without the privilege is told so, and may come in with less", async () => {
    await using simulated = await simulate({});
    simulated.chassis.furniture.users[2] = {
      name: "eve",
      password: "pw",
      privilege: "operator",
      enabled: true,
    };
    const eve = { user: "eve", password: "pw" };
    await expect(simulated.open(eve)).rejects.toMatchObject({ kind: "privilege" });
    await using bmc = await simulated.open({ ...eve, privilege: "operator" });
    await expect(bmc.accounts.put({ name: "x", password: "y", privilege: "operator" })).rejects.toMatchObject(
      { kind: "privilege" },
    );
  });

  test("running out of sessions is called that, and the lock-out that follows passes", async () => {
    await using simulated = await simulate(profiles["few sessions"]);
    const first = await simulated.open();
    await using _ = await simulated.open();
    await expect(simulated.open()).rejects.toMatchObject({ kind: "noFreeSession" });
    await first[Symbol.asyncDispose]();
    await expect(simulated.open()).rejects.toMatchObject({ kind: "noFreeSession" });
    simulated.clock.advance(20 * 60_000);
    await using again = await simulated.open();
    expect(await again.power.read()).toBe("off");
  });

  test("a BMC that fell silent after a burst ends in an error that says so", async () => {
    await using simulated = await simulate(profiles["hangs after bursts"]);
    const bmc = await simulated.open({ patience: { firstMs: 40_000, tries: 3 } });
    const storm = async () => {
      for (let n = 0; n < 40; n++) await bmc.power.read();
    };
    await expect(storm()).rejects.toThrow(/did not answer 3 tries/);
    await bmc[Symbol.asyncDispose]();
    simulated.clock.advance(60_000);
    await using again = await simulated.open();
    expect(await again.power.read()).toBe("off");
  });

  test("during POST, a refusal names the state", async () => {
    await using simulated = await simulate(profiles["slow POST"]);
    await using bmc = await simulated.open();
    await bmc.power.press("on");
    await expect(bmc.boot.set({ device: "pxe", lasting: "once" })).rejects.toThrow(/POST/);
  });

  test("a BMC that refuses changes of users says so", async () => {
    await using simulated = await simulate(profiles["users refused"]);
    await using bmc = await simulated.open();
    await expect(bmc.accounts.put({ name: "x", password: "y", privilege: "operator" })).rejects.toThrow(
      /Set User Name/,
    );
  });
});

describe("a session that nobody uses", () => {
  /** Of both sides, so that their minutes agree. Tells how much arrived. */
  async function idle(keepAliveMs: number | undefined) {
    const simulated = await simulate({});
    let arrived = 0;
    const counting: LanPort = {
      ...port,
      session: (peer, listener) =>
        port.session(peer, (arrival) => {
          arrived++;
          listener(arrival);
        }),
    };
    const bmc = await simulated.open({ clock: simulated.clock, port: counting, keepAliveMs });
    return { ...simulated, bmc, arrived: () => arrived };
  }

  test("is kept alive past the minute after which BMCs drop it", async () => {
    await using idling = await idle(undefined);
    for (let seconds = 0; seconds < 600; seconds += 30) {
      const before = idling.arrived();
      idling.clock.advance(30_000);
      await expect.poll(idling.arrived).toBeGreaterThan(before);
    }
    expect(idling.server.openSessions).toBe(1);
    expect(await idling.bmc.power.read()).toBe("off");
    await idling.bmc[Symbol.asyncDispose]();
    expect(idling.server.openSessions).toBe(0);
  });

  test("is dropped by the BMC where it is not, and what is asked then says so", async () => {
    await using idling = await idle(0);
    idling.clock.advance(60_000);
    expect(idling.server.openSessions).toBe(0);
    const asked = expect(idling.bmc.power.read()).rejects.toThrow(/did not answer.*dropped the session/);
    for (let tries = 0; tries < 4; tries++) {
      await new Promise(setImmediate);
      idling.clock.advance(1_000_000);
    }
    await asked;
  });
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === "::1"),
);

test.runIf(hasIpv6)("a BMC is reached by IPv6, however its address is spelt", async () => {
  const chassis = new SimulatedChassis({ clock: manualClock() });
  await using server = await openIpmiServer({ chassis, randomBytes, address: "::1" });
  await using bmc = await openIpmi({
    ...hurried,
    port,
    randomBytes,
    host: "0:0:0:0:0:0:0:1",
    udpPort: server.port,
    user: "admin",
    password: "secret",
  });
  expect(await bmc.power.read()).toBe("off");
});

test("the serial console carries both ways, in order", async () => {
  await using simulated = await simulate({});
  await using bmc = await simulated.open();
  const stream = await bmc.console.open();
  if (isAbsent(stream)) throw new Error(stream.absent);
  const sent = Buffer.from(Array.from({ length: 2_000 }, (_, at) => 0x20 + (at % 90)));
  await stream.write(sent);
  const pieces: Uint8Array[] = [];
  for await (const piece of stream.output) {
    pieces.push(piece);
    if (Buffer.concat(pieces).length >= sent.length) break;
  }
  expect(Buffer.concat(pieces).equals(sent)).toBe(true);
  await stream[Symbol.asyncDispose]();
});
