// Captured packets, mutated, against whole servers; between them honest clients that take what they are offered. The
// codec has a fuzz script of its own (dhcp-codec).
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decode, encode } from "../../wire/codec.ts";
import type { Options } from "../../wire/dhcp/options.ts";
import { type Packet, packet } from "../../wire/dhcp/packet.ts";
import type { FuzzModule } from "../../workshop/fuzz.ts";
import { mutated, randomFrom } from "../../workshop/mutate.ts";
import {
  type MemoryServer,
  openMemoryServer,
  type Sent,
  address as serverIdentifier,
} from "./memory-server.ts";
import { addressNumber } from "./subnet.ts";

const captures = join(import.meta.dirname, "../../wire/dhcp/captures");
const pool = ["192.0.2.100", "192.0.2.199"] as const;
const [first, last] = pool.map(addressNumber) as [number, number];
const full = { mode: "full", subnets: [{ subnet: "192.0.2.0/24", pool }] };
/** What a server may say of strangers; anything else is something that went wrong inside. */
const expectedWarning = /^(unknown client architecture|cannot boot|proxy tactic) [ -~]*$/;
const maxBoots = 10_000;

export const fuzz: FuzzModule["fuzz"] = async ({ runs, seed, log }) => {
  const captured = globSync("*.hex", { cwd: captures })
    .sort()
    .map((file) => Uint8Array.fromHex(readFileSync(join(captures, file), "utf8").replaceAll(/\s/g, "")));
  const random = randomFrom(seed);
  let nowMs = 1_700_000_000_000;
  const clock = {
    now: () => nowMs,
    every: () => ({ [Symbol.dispose]: () => {} }),
    sleep: () => Promise.reject(new Error("nobody sleeps here")),
  };
  await using leasing = await openMemoryServer(full, clock);
  await using proxy = await openMemoryServer({ mode: "proxy" }, clock);
  let replies = 0;
  let leases = 0;

  let run = 0;
  for (const bytes of mutated(captured, { runs, seed })) {
    if (++run % 5000 === 0) for (const server of [leasing, proxy]) examine(server);
    // Now and then so much time that addresses come back.
    nowMs += random() < 0.005 ? 200_000 : 5;
    const server = random() < 0.7 ? leasing : proxy;
    const port = random() < 0.8 ? 67 : 4011;
    const reply = await ask(server, port, bytes);
    if (reply) replies++;
    if (reply?.options.messageType === "offer" && server === leasing && port === 67) {
      const request = decode(packet, bytes);
      if (request.malformed) continue;
      await takeOffer(leasing, request, reply, random());
      leases++;
    }
  }
  for (const server of [leasing, proxy]) examine(server);
  log(`${replies} of ${runs} packets were answered, ${leases} offers were taken`);
};

async function ask(server: MemoryServer, port: number, bytes: Uint8Array): Promise<Packet | undefined> {
  const sent = await server.exchange(port, bytes, { address: "0.0.0.0", port: 68 });
  const say = (what: string) => new Error(`${what} to ${bytes.toHex()} on port ${port}`);
  if (sent.length > 1) throw say(`${sent.length} answers`);
  const [only] = sent;
  if (!only) return undefined;
  if (only.bytes.length > 2 * bytes.length) throw say(`${only.bytes.length} bytes are an amplifier's answer`);
  const reply = readable(only);
  if (reply.op !== "reply") throw say("a question in answer");
  return reply;
}

function readable({ bytes }: Sent): Packet {
  const reply = decode(packet, bytes);
  if (reply.malformed) throw new Error(`sent what nobody can read: ${bytes.toHex()}`);
  return reply;
}

/** Whoever was offered an address and asks for it has it; then some give it back, and some find it in use. */
async function takeOffer(server: MemoryServer, request: Packet, offer: Packet, fate: number): Promise<void> {
  const { yourAddress } = offer;
  const say = (options: Options, header: Partial<Packet> = {}) =>
    ask(server, 67, encode(packet, { ...request, ...header, options: { ...request.options, ...options } }));
  const wish = { requestedAddress: yourAddress, serverIdentifier };
  const reply = await say({ ...wish, messageType: "request" });
  if (reply?.options.messageType !== "ack" || reply.yourAddress !== yourAddress) {
    throw new Error(
      `${encode(packet, request).toHex()} was offered ${yourAddress} and got ${JSON.stringify(reply?.options)}`,
    );
  }
  const release = () => say({ messageType: "release", serverIdentifier }, { clientAddress: yourAddress });
  const answer =
    fate < 0.2 ? await release() : fate < 0.3 ? await say({ ...wish, messageType: "decline" }) : undefined;
  if (answer) throw new Error(`answered ${request.mac}, which gave ${yourAddress} back`);
}

/** Nobody shares an address, every address is of the pool, and what is remembered has a limit. */
function examine({ server, boots, warnings }: MemoryServer): void {
  const addresses = server.leases().map(({ address }) => address);
  if (new Set(addresses).size !== addresses.length) throw new Error("two leases of one address");
  const stray = addresses.find((address) => address < first || address > last);
  if (stray !== undefined) throw new Error(`${stray} is not an address of the pool`);
  if (boots.size > maxBoots) throw new Error(`${boots.size} boots are remembered`);
  const odd = warnings.find((text) => !expectedWarning.test(text));
  if (odd !== undefined) throw new Error(`said: ${odd}`);
}
