import { createSocket } from "node:dgram";
import { isIPv6 } from "node:net";
import { decodePrefix, encode } from "../../../wire/codec.ts";
import { type Exchange, judgeAnswer, type Sample } from "./judge.ts";
import { modes, ntpPacket } from "./packet.ts";

export interface AskOptions {
  readonly clock: { now(): Date; elapsedMs(): number };
  /** 64 bits that nobody can guess. */
  readonly nonce: () => bigint;
  readonly signal: AbortSignal;
  readonly port?: number;
}

/** Asks a server for the time: a sample, or a sentence why there is none. Never rejects. */
export function askTime(
  server: string,
  { clock, nonce: makeNonce, signal, port = 123 }: AskOptions,
): Promise<Sample | string> {
  const { promise, resolve } = Promise.withResolvers<Sample | string>();
  const socket = createSocket(isIPv6(server) ? "udp6" : "udp4");
  const nonce = makeNonce();
  let sent: Omit<Exchange, "tookMs"> & { readonly elapsedMs: number };
  let closed = false;
  const end = (result: Sample | string) => {
    if (closed) return;
    closed = true;
    signal.removeEventListener("abort", expired);
    socket.close();
    resolve(result);
  };
  const expired = () => end(`${server} did not answer`);
  signal.addEventListener("abort", expired);

  socket.on("error", ({ message }) => end(`${server} cannot be asked: ${message}`));
  socket.on("message", (bytes) => {
    const tookMs = clock.elapsedMs() - sent.elapsedMs;
    try {
      // Extensions and signatures may follow.
      end(judgeAnswer({ ...sent, tookMs }, decodePrefix(ntpPacket, bytes).value));
    } catch {
      end(`${server} answered with ${bytes.length} bytes that are no NTP packet`);
    }
  });
  socket.once("connect", () => {
    sent = { server, nonce, sentAtMs: clock.now().getTime(), elapsedMs: clock.elapsedMs() };
    socket.send(encode(ntpPacket, { ...question, transmit: nonce }), (error) => {
      if (error) end(`${server} cannot be asked: ${error.message}`);
    });
  });
  // Connected, so that the kernel takes only what this server sends. Without a callback: it would be called with
  // what went wrong, too.
  socket.connect(port, server);
  return promise;
}

const question = {
  head: { leap: 0, version: 4, mode: modes.client },
  stratum: 0,
  poll: 0,
  precision: 0,
  rootDelayMs: 0,
  rootDispersionMs: 0,
  reference: 0,
  referenceTime: 0n,
  originate: 0n,
  receive: 0n,
} as const;
