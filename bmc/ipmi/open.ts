import { lookup } from "node:dns/promises";
import { SocketAddress } from "node:net";
import type { Bmc } from "../bmc.ts";
import { ipmiBmc } from "./driver.ts";
import { IpmiError } from "./error.ts";
import { type LanSessionOptions, openLanSession } from "./lan-session.ts";
import { rmcpPort } from "./rmcp.ts";

export interface IpmiOptions extends Omit<LanSessionOptions, "peer"> {
  readonly host: string;
  readonly udpPort?: number | undefined;
}

/** A BMC over the network, in a session that closes with it. */
export async function openIpmi({ host, udpPort = rmcpPort, ...options }: IpmiOptions): Promise<Bmc> {
  const address = await addressOf(host);
  const session = await openLanSession({ ...options, peer: { address, port: udpPort } });
  try {
    return await ipmiBmc(session);
  } catch (error) {
    await session[Symbol.asyncDispose]();
    throw error;
  }
}

/** Answers are paired with the address they come from, so names are resolved once, here. */
export async function addressOf(host: string): Promise<string> {
  try {
    const { address, family } = await lookup(host);
    // As answers will name it, however it was spelt; a zone is nothing that SocketAddress knows.
    return family === 4 || address.includes("%")
      ? address
      : new SocketAddress({ address, family: "ipv6" }).address;
  } catch (cause) {
    throw new IpmiError({
      kind: "noAnswer",
      message: `Cannot find the BMC ${host}: its name does not resolve`,
      cause,
    });
  }
}
