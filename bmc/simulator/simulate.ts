// Emulated BMCs for people: on the network until told to stop, saying what happens to the servers behind them.
import { createAuthority } from "../../pki/authority.ts";
import type { BootOverride } from "../bmc.ts";
import type { Clock } from "../clock.ts";
import { type Machine, SimulatedChassis } from "./chassis.ts";
import { furnish } from "./furniture.ts";
import { openIpmiServer } from "./ipmi/server.ts";
import type { Quirks } from "./quirks.ts";
import { openRedfishRack } from "./redfish/rack.ts";

export interface SimulationWish {
  readonly quirks: Quirks;
  readonly count: number;
  readonly address: string;
  /** Of the first BMC; the others have those after it. Zero: any that is free. */
  readonly ipmiPort: number;
  readonly redfishPort: number;
}

export interface SimulationPlace {
  readonly clock: Clock;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly print: (line: string) => void;
}

export interface SimulatedBmc {
  readonly chassis: SimulatedChassis;
  readonly ipmiPort: number;
  readonly redfishPort: number;
}

export interface Simulation extends AsyncDisposable {
  readonly bmcs: readonly SimulatedBmc[];
  /** Of the certificate of all. */
  readonly sha256: string;
}

export async function openSimulation(
  { quirks, count, address, ipmiPort, redfishPort }: SimulationWish,
  { clock, randomBytes, print }: SimulationPlace,
): Promise<Simulation> {
  await using stack = new AsyncDisposableStack();
  const authority = await createAuthority({
    commonName: "emulated BMCs",
    algorithm: "ecdsa-p256",
    clock: { now: () => new Date(clock.now()) },
  });
  const { certificate, key } = await authority.issue({ ipAddresses: [address], purposes: ["serverAuth"] });
  const rack = stack.use(openRedfishRack({ certificate: certificate.pem, key: key.pkcs8Pem, randomBytes }));
  const bmcs: SimulatedBmc[] = [];
  for (let index = 0; index < count; index++) {
    const say = (text: string) => print(`BMC ${index}: ${text}`);
    const next = (port: number) => (port === 0 ? 0 : port + index);
    const chassis: SimulatedChassis = new SimulatedChassis({
      clock,
      quirks,
      furniture: furnish(index),
      machine: told(say, () => chassis.stopped()),
    });
    chassis.log({ sensor: "CPU Temp", message: "Upper non-critical going high", grade: "warning" });
    const ipmi = stack.use(await openIpmiServer({ chassis, randomBytes, address, port: next(ipmiPort) }));
    const redfish = stack.use(await rack.serve(chassis, { address, port: next(redfishPort) }));
    bmcs.push({ chassis, ipmiPort: ipmi.port, redfishPort: redfish.port });
  }
  const opened = stack.move();
  return {
    bmcs,
    sha256: certificate.fingerprint,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  };
}

/** A server whose operating system obeys at once. */
function told(say: (text: string) => void, stopped: () => void): Machine {
  const from = ({ device, firmware }: BootOverride) =>
    `boots from ${device === "none" ? "what its firmware chooses" : device}${firmware ? ` by ${firmware}` : ""}`;
  return {
    powerOn: (boot) => say(`on, ${from(boot)}`),
    powerOff: () => say("off"),
    softOff() {
      say("its operating system shuts down");
      stopped();
    },
    reset: (boot) => say(`reset, ${from(boot)}`),
    interrupt: () => say("interrupted"),
  };
}
