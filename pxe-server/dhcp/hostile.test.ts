// Whatever arrives on ports 67 and 4011: answered as the RFC demands, or dropped and counted.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decode, encode } from "../../wire/codec.ts";
import { type Packet, packet } from "../../wire/dhcp/packet.ts";
import { mutated } from "../../workshop/mutate.ts";
import type { Clock } from "../clock.ts";
import { type MemoryServer, openMemoryServer } from "./memory-server.ts";

const captures = join(import.meta.dirname, "../../wire/dhcp/captures");
const captured = new Map(
  readdirSync(captures)
    .filter((name) => name.endsWith(".hex"))
    .map((name) => [
      name.replace(".hex", ""),
      Uint8Array.fromHex(readFileSync(join(captures, name), "utf8").replaceAll(/\s/g, "")),
    ]),
);
let nowMs = 0;
const clock: Clock = {
  now: () => nowMs,
  every: () => ({ [Symbol.dispose]: () => {} }),
  sleep: () => Promise.reject(new Error("nobody sleeps here")),
};
const modes = {
  full: { mode: "full", subnets: [{ subnet: "192.0.2.0/24", pool: ["192.0.2.100", "192.0.2.199"] }] },
  proxy: { mode: "proxy" },
};

const edk2 = captured.get("edk2-pxe-discover")!;

describe.each(Object.entries(modes))("a %s server", (_, mode) => {
  let memory: MemoryServer;
  beforeEach(async () => {
    memory = await openMemoryServer(mode, clock);
  });
  afterEach(() => memory[Symbol.asyncDispose]());

  /** It still serves, and nothing went wrong inside. */
  const expectAlive = async () => {
    nowMs += 60_000;
    expect(await memory.exchange(67, edk2)).toHaveLength(1);
    expect(
      memory.warnings.filter(
        (text) => !/unknown client architecture|cannot boot|proxy tactic [ -~]*$/.test(text),
      ),
    ).toEqual([]);
  };

  test("survives every packet of the lab cut short anywhere", async () => {
    for (const bytes of captured.values()) {
      for (let size = 0; size < bytes.length; size += 3) await memory.exchange(67, bytes.subarray(0, size));
    }
    const { received, dropped } = memory.server.counters;
    expect(dropped).toBeGreaterThan(received / 4);
    await expectAlive();
  });

  test("survives thousands of packets made wrong", async () => {
    for (const bytes of mutated([...captured.values()], { runs: 3000, seed: 7 })) {
      await memory.exchange(67, bytes);
      await memory.exchange(4011, bytes);
    }
    await expectAlive();
  });

  test("never answers an answer, so that two servers cannot talk for ever", async () => {
    const [offer] = await memory.exchange(67, edk2);
    for (const port of [67, 4011]) expect(await memory.exchange(port, offer!.bytes)).toEqual([]);
    for (const name of ["dnsmasq-ack", "slirp-ack"]) {
      expect(await memory.exchange(67, captured.get(name)!)).toEqual([]);
    }
  });

  test("answers once what comes once, and with little more than came", async () => {
    for (const [name, bytes] of captured) {
      for (const port of [67, 4011]) {
        const sent = await memory.exchange(port, bytes, { address: "192.0.2.9", port: 4011 });
        expect(sent.length, name).toBeLessThanOrEqual(1);
        for (const reply of sent) expect(reply.bytes.length, name).toBeLessThan(2 * bytes.length);
      }
    }
  });

  test("forgets a flood of machines that do not exist", async () => {
    const request = decode(packet, edk2);
    for (let n = 0; n < 11_000; n++) {
      const mac = `02:00:00:00:${(n >> 8).toString(16).padStart(2, "0")}:${(n & 255).toString(16).padStart(2, "0")}`;
      void memory.exchange(67, encode(packet, { ...request, mac }));
      if (n % 1000 === 0) await memory.exchange(67, edk2);
    }
    await memory.exchange(67, edk2);
    expect(memory.boots.size).toBeLessThanOrEqual(10_000);
    expect(memory.server.leases().length).toBeLessThanOrEqual(100);
    await expectAlive();
  });

  test("says once what an architecture is that nobody knows, with the packet", async () => {
    const request = decode(packet, edk2);
    const unknown = encode(packet, {
      ...request,
      options: { ...request.options, clientArchitectures: [77] },
    });
    for (let n = 0; n < 3; n++) await memory.exchange(67, unknown);
    const said = memory.warnings.filter((text) => text.startsWith("unknown client architecture 77"));
    expect(said).toHaveLength(1);
    expect(said[0]).toContain(Buffer.from(unknown).toString("hex"));
  });
});

describe("a stranger cannot choose whom a full server sends to:", () => {
  const ask = async (header: Partial<Packet>, messageType: "inform" | "request" | "discover") => {
    await using memory = await openMemoryServer(modes.full, clock);
    const request = { ...decode(packet, captured.get("dhclient-discover")!), ...header };
    return memory.exchange(67, encode(packet, { ...request, options: { messageType } }));
  };

  test.each([
    ["the address of an INFORM", { clientAddress: "198.51.100.7" }, "inform"],
    ["the relay of a DISCOVER", { relayAddress: "198.51.100.7" }, "discover"],
    ["the relay of a REQUEST", { relayAddress: "198.51.100.7", clientAddress: "192.0.2.100" }, "request"],
  ] as const)("by %s", async (_, header, type) => {
    expect(await ask(header, type)).toEqual([]);
  });

  test("by the address of a renewal, which is refused to everybody's ears", async () => {
    const sent = await ask({ clientAddress: "198.51.100.7" }, "request");
    expect(sent.map(({ address }) => address)).toEqual(["255.255.255.255"]);
  });
});
