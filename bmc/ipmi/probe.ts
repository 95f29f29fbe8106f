// What a BMC tells over IPMI to anybody who asks.
import { type Absent, absent } from "../bmc.ts";
import { IpmiError } from "./error.ts";
import { authenticationCapabilities, type LanTarget, offeredSuites, presencePing } from "./lan-discovery.ts";

export interface IpmiProbe {
  readonly version: "1.5" | "2.0";
  /** Empty where it does not tell. 0 among them lets anybody in without a password. */
  readonly cipherSuites: readonly number[];
}

export async function probeIpmi(target: LanTarget): Promise<IpmiProbe | Absent> {
  try {
    const { types, extended } = await authenticationCapabilities(target);
    const version = types.plus && extended.plus ? "2.0" : "1.5";
    return { version, cipherSuites: (await offeredSuites(target)) ?? [] };
  } catch (error) {
    if (!(error instanceof IpmiError)) throw error;
    return absent(
      (await answersPing(target)) ? `it answers a ping, and no more: ${error.message}` : error.message,
    );
  }
}

async function answersPing(target: LanTarget): Promise<boolean> {
  try {
    return await presencePing(target);
  } catch (error) {
    if (!(error instanceof IpmiError)) throw error;
    return false;
  }
}
