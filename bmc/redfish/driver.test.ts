// The seam over Redfish: against our emulated BMC in every profile of misbehaviour.
import { createHash, randomBytes, X509Certificate } from "node:crypto";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeTestAuthority, type TestAuthority } from "../../workshop/test-certificates.ts";
import { type Bench, bmcConformance } from "../bmc.conformance.ts";
import type { Bmc, Capability, PowerAction } from "../bmc.ts";
import type { Clock } from "../clock.ts";
import { manualClock } from "../manual-clock.ts";
import { SimulatedChassis } from "../simulator/chassis.ts";
import { type ProfileName, profiles, type Quirks } from "../simulator/quirks.ts";
import { openRedfishRack, type RedfishRack } from "../simulator/redfish/rack.ts";
import { systemClock } from "../system-clock.ts";
import { setPower, startOver } from "../verified.ts";
import { openRedfish, type RedfishOptions } from "./open.ts";

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

/** The client's waiting for a busy BMC is a hundred times shorter; its deadlines are too, and long enough. */
const hurriedClock: Clock = {
  now: () => systemClock.now() * 100,
  after: (ms, call) => systemClock.after(ms / 100, call),
};
const deadlines = { connectMs: 1_000_000, requestMs: 1_000_000 };

/** The emulated BMC's minutes last milliseconds, for profiles that get over things by themselves. */
const fastClock: Clock = {
  now: () => systemClock.now() * 1_000,
  after: (ms, call) => systemClock.after(ms / 1_000, call),
};

async function simulate(quirks: Quirks, { clock = manualClock() }: { clock?: Clock } = {}) {
  const chassis = new SimulatedChassis({ clock, quirks });
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

/** What a profile cannot do over any protocol, and whether its power commands are only believed when read back. */
const concessions: { readonly [N in ProfileName]?: { without?: readonly Capability[]; verified?: true } } = {
  "efiboot ignored": { without: ["bootFirmware"] },
  "persistent lost with efiboot": { without: ["bootFirmware"] },
  "no boot mode": { without: ["bootFirmware"] },
  "power commands get lost": { verified: true },
  "power state lies": { verified: true },
  "users refused": { without: ["accounts"] },
};

const runsByItself = (quirks: Quirks) =>
  quirks.burst !== undefined ||
  quirks.postMs !== undefined ||
  quirks.powerDelayMs !== undefined ||
  quirks.stalePowerMs !== undefined;

/** A BMC whose buttons are pressed as the provisioner presses them. */
function verifiedBmc(bmc: Bmc): Bmc {
  const verification = { clock: hurriedClock };
  const press = (action: PowerAction) =>
    action === "on" || action === "off"
      ? setPower(bmc, action, verification)
      : startOver(bmc, action === "reset" ? "reset" : "cycle", verification);
  return { ...bmc, power: { read: () => bmc.power.read(), press } };
}

const benchOf =
  (quirks: Quirks, verified = false) =>
  async (): Promise<Bench> => {
    const simulated = await simulate(quirks, runsByItself(quirks) ? { clock: fastClock } : {});
    const { chassis } = simulated;
    const bmc = await simulated.open();
    return {
      bmc: verified ? verifiedBmc(bmc) : bmc,
      truth: {
        powered: () => chassis.powered,
        override: () => chassis.bootOverride,
        led: () => (typeof chassis.led === "object" ? "timed" : chassis.led),
        logEvent: () => chassis.log({ sensor: "CPU Temp", message: "hot", grade: "warning" }),
        uuid: chassis.furniture.identity.uuid,
        serial: chassis.furniture.identity.serial,
        openAs: async (user, password) => {
          await using _ = await simulated.open({ user, password });
        },
      },
      async [Symbol.asyncDispose]() {
        await bmc[Symbol.asyncDispose]();
        expect(simulated.server.openSessions, "sessions left open").toBe(0);
        await simulated[Symbol.asyncDispose]();
      },
    };
  };

for (const name of Object.keys(profiles) as ProfileName[]) {
  const { without = [], verified } = concessions[name] ?? {};
  bmcConformance(`Redfish, "${name}"`, { open: benchOf(profiles[name], verified), without });
}

describe("a field lesson of Redfish:", () => {
  test("smoke", async () => {
    await using simulated = await simulate({});
    await using bmc = await simulated.open();
    expect(await bmc.power.read()).toBe("off");
  });
});
