// Every way in which BMCs are known to misbehave, put before the suite of the seam, whatever protocol is spoken.
import { expect } from "vitest";
import { type Bench, bmcConformance } from "./bmc.conformance.ts";
import { type Bmc, type Capability, isAbsent, type PowerAction } from "./bmc.ts";
import type { Clock } from "./clock.ts";
import { SimulatedChassis } from "./simulator/chassis.ts";
import { type ProfileName, profiles, type Quirks } from "./simulator/quirks.ts";
import { systemClock } from "./system-clock.ts";
import { setBoot, setPower, startOver } from "./verified.ts";

/** A client's waiting is a hundred times shorter with this clock; what it waits for on the network must be longer. */
export const hurriedClock: Clock = {
  now: () => systemClock.now() * 100,
  after: (ms, call) => systemClock.after(ms / 100, call),
};

/** What a profile cannot do over any protocol, and whether its commands are only believed when read back. */
const concessions: { readonly [N in ProfileName]?: { without?: readonly Capability[]; verified?: true } } = {
  "efiboot ignored": { without: ["bootFirmware"] },
  "persistent lost with efiboot": { without: ["bootFirmware"] },
  "no boot mode": { without: ["bootFirmware"] },
  "power commands get lost": { verified: true },
  "power state lies": { verified: true },
  "slow power": { verified: true },
  "slow POST": { verified: true },
  "users refused": { without: ["accounts"] },
};

/** A BMC that is used as everybody should use one: what is done is read back, and what it refuses in POST comes later. */
function verifiedBmc(bmc: Bmc, clock: Clock): Bmc {
  const verification = { clock };
  const press = (action: PowerAction) =>
    action === "on" || action === "off"
      ? setPower(bmc, action, verification)
      : startOver(bmc, action === "reset" ? "reset" : "cycle", verification);
  return {
    ...bmc,
    power: { read: () => bmc.power.read(), press },
    boot: {
      ...bmc.boot,
      set: async (wanted) => {
        const found = await setBoot(bmc, wanted, verification);
        return isAbsent(found) ? found : undefined;
      },
    },
  };
}

export interface Served extends AsyncDisposable {
  readonly server: { readonly openSessions: number };
  readonly open: (as?: { readonly user: string; readonly password: string }) => Promise<Bmc>;
}

export interface ProfilesOptions {
  readonly protocol: string;
  readonly names: readonly ProfileName[];
  /** Of the emulated BMC; and of whoever waits for it, which may be what moves the first. */
  readonly clocksOf: (quirks: Quirks) => { readonly bmc: Clock; readonly waiting: Clock };
  /** Puts an emulated chassis on the network. */
  readonly serve: (chassis: SimulatedChassis) => Promise<Served>;
}

export function profilesConformance({ protocol, names, clocksOf, serve }: ProfilesOptions): void {
  for (const name of names) {
    const { without = [], verified } = concessions[name] ?? {};
    const open = async (): Promise<Bench> => {
      const quirks: Quirks = profiles[name];
      const clocks = clocksOf(quirks);
      const chassis = new SimulatedChassis({ clock: clocks.bmc, quirks });
      const served = await serve(chassis);
      const bmc = await served.open();
      return {
        bmc: verified ? verifiedBmc(bmc, clocks.waiting) : bmc,
        truth: {
          powered: () => chassis.powered,
          override: () => chassis.bootOverride,
          led: () => (typeof chassis.led === "object" ? "timed" : chassis.led),
          logEvent: () => chassis.log({ sensor: "CPU Temp", message: "hot", grade: "warning" }),
          uuid: chassis.furniture.identity.uuid,
          serial: chassis.furniture.identity.serial,
          openAs: async (user, password) => {
            await using _ = await served.open({ user, password });
          },
        },
        async [Symbol.asyncDispose]() {
          await bmc[Symbol.asyncDispose]();
          expect(served.server.openSessions, "sessions left open").toBe(0);
          await served[Symbol.asyncDispose]();
        },
      };
    };
    bmcConformance(`${protocol}, "${name}"`, { open, without });
  }
}
