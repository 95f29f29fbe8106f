// What can be asked of a BMC without a session: whether it is there, whether it speaks IPMI 2.0, which suites it has.
import { isIPv6 } from "node:net";
import { decode, decodePrefix, encode } from "../../wire/codec.ts";
import { WireError } from "../../wire/error.ts";
import type { Clock } from "../clock.ts";
import { suiteIdsOf } from "./cipher-suites.ts";
import type { Command } from "./command.ts";
import {
  getChannelAuthenticationCapabilities,
  getChannelCipherSuites,
  presentChannel,
  privilegeLevels,
} from "./commands/session.ts";
import { completions, meaningOf } from "./completion.ts";
import { IpmiError } from "./error.ts";
import { ask, type Patience } from "./lan-exchange.ts";
import type { LanPort, Peer } from "./lan-port.ts";
import { readMessage, writeMessage } from "./message.ts";
import { payloadTypes, writePacket } from "./packet.ts";
import { asf, pong, rmcp, rmcpPort } from "./rmcp.ts";
import { senseOrNone } from "./sense.ts";

export interface LanTarget {
  readonly port: LanPort;
  readonly clock: Clock;
  readonly peer: Peer;
  readonly patience: Patience;
  readonly signal?: AbortSignal | undefined;
}

export const nameOf = ({ address, port }: Peer): string =>
  port === rmcpPort ? address : `${isIPv6(address) ? `[${address}]` : address}:${port}`;

/** ASF 2.0 §3.2.4: the oldest of questions. True when the one that answers speaks IPMI. */
export async function presencePing(target: LanTarget): Promise<boolean> {
  const { port, peer } = target;
  const ping = encode(rmcp, {
    sequence: 0xff,
    class: "asf",
    payload: encode(asf, { type: "ping", tag: 0, length: 0, data: new Uint8Array() }),
  });
  return ask<boolean>({
    ...target,
    peer: nameOf(peer),
    what: "ping a BMC",
    send: () => port.send(ping, peer),
    listen: (answer) =>
      port.listen(peer, (arrival) => {
        if (arrival.class !== "asf") return;
        const speaksIpmi = senseOrNone(() => pongSpeaksIpmi(arrival.payload));
        if (speaksIpmi !== undefined) answer(speaksIpmi);
      }),
  });
}

function pongSpeaksIpmi(payload: Uint8Array): boolean | undefined {
  const { type, data } = decode(asf, payload);
  return type === "pong" ? decodePrefix(pong, data).value.entities.ipmi === 1 : undefined;
}

/** One command outside a session. */
async function askUnprotected<Request, Response>(
  target: LanTarget,
  command: Command<Request, Response>,
  request: Request,
  format: "legacy" | "plus",
): Promise<Response> {
  const { port, peer } = target;
  const { netFn, code, name } = command;
  const payload = writeMessage({ netFn, lun: 0, sequence: 0, code, data: encode(command.request, request) });
  const packet = writePacket({ format, type: payloadTypes.ipmi, session: 0, sequence: 0, payload });
  return ask<Response>({
    ...target,
    peer: nameOf(peer),
    what: `run ${name}`,
    likely: `IPMI over LAN is off, a firewall drops UDP port ${peer.port}, or no BMC is there`,
    send: () => port.send(packet, peer),
    listen: (answer, fail) =>
      port.listen(peer, (arrival) => {
        if (arrival.class !== "ipmi" || arrival.type !== payloadTypes.ipmi) return;
        try {
          const reply = readMessage(arrival.payload);
          if (reply.netFn !== netFn + 1 || reply.code !== code) return;
          const completion = reply.data[0] ?? completions.unspecified;
          if (completion === completions.ok)
            return answer(decodePrefix(command.response, reply.data.subarray(1)).value);
          fail(
            new IpmiError({
              kind: "completion",
              completion,
              message: `Cannot run ${name} on ${nameOf(peer)}: ${meaningOf(completion)}`,
            }),
          );
        } catch (error) {
          // A stranger's packet: the answer may still come.
          if (!(error instanceof WireError)) throw error;
        }
      }),
  });
}

export const authenticationCapabilities = (target: LanTarget) =>
  askUnprotected(
    target,
    getChannelAuthenticationCapabilities,
    {
      channel: { wantsPlus: 1, reserved: 0, number: presentChannel },
      privilege: privilegeLevels.administrator,
    },
    "legacy",
  );

/** The ids of the suites that a BMC lists; undefined when it has no such command. */
export async function offeredSuites(target: LanTarget): Promise<readonly number[] | undefined> {
  const pieces: Uint8Array[] = [];
  try {
    for (let index = 0; index < 64; index++) {
      const { records } = await askUnprotected(
        // A BMC without the command is often silent instead of saying so: one second each is enough.
        {
          ...target,
          patience: { firstMs: target.patience.firstMs, tries: Math.min(2, target.patience.tries) },
        },
        getChannelCipherSuites,
        { channel: presentChannel, payloadType: payloadTypes.ipmi, list: { bySuite: 1, reserved: 0, index } },
        "legacy",
      );
      pieces.push(records);
      if (records.length < 16) break;
    }
  } catch (error) {
    if (error instanceof IpmiError && (error.kind === "completion" || error.kind === "noAnswer"))
      return undefined;
    throw error;
  }
  return suiteIdsOf(Buffer.concat(pieces));
}
