import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { Capture } from "./capture.ts";
import { systemClock } from "./system-clock.ts";

let folder: string;
let warnings: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-capture-"));
  warnings = [];
});
afterEach(() => rm(folder, { recursive: true }));

const open = (maxBytes: number, path = join(folder, "pcap")) =>
  new Capture({
    path,
    maxBytes,
    clock: { ...systemClock, now: () => 1_700_000_000_123 },
    onWarning: (text) => warnings.push(text),
  });
const here = { address: "192.0.2.1", port: 69 };
const there = { address: "192.0.2.7", port: 2000 };

test("a packet is written with the headers around it", async () => {
  {
    await using capture = open(1 << 20);
    capture.record(there, here, Buffer.from("\0\x01a\0octet\0", "latin1"));
  }
  const bytes = await readFile(join(folder, "pcap"));
  expect(bytes.subarray(24).toHex()).toBe(
    [
      "00f15365 78e00100 34000000 34000000",
      "0200c0000201 0200c0000207 0800",
      "4500002600000000 4011f6be c0000207 c0000201",
      "07d0 0045 0012 0000",
      "000161006f6374657400",
    ]
      .join("")
      .replaceAll(" ", ""),
  );
});

test("the file is bounded: the one before the last is the end of it", async () => {
  {
    await using capture = open(10_000);
    for (let n = 0; n < 100; n++) {
      capture.record(here, there, Buffer.alloc(1000));
      await new Promise(setImmediate);
    }
  }
  expect((await readdir(folder)).sort()).toEqual(["pcap", "pcap.1"]);
  for (const name of ["pcap", "pcap.1"]) expect((await stat(join(folder, name))).size).toBeLessThan(12_000);
});

test("a socket that is tapped works as before, connected or not", async () => {
  const [client, server] = [createSocket("udp4"), createSocket("udp4")];
  {
    await using capture = open(1 << 20);
    capture.tap(server, "192.0.2.1");
    server.on("message", (_, { port }) => server.send("b", port, "127.0.0.1"));
    server.on("message", (_, { port }) => server.send(Buffer.from("xcx"), 1, 1, port, "127.0.0.1"));
    client.bind(0, "127.0.0.1");
    server.bind(0, "127.0.0.1");
    await Promise.all([once(client, "listening"), once(server, "listening")]);
    const said: string[] = [];
    client.on("message", (bytes) => said.push(bytes.toString()));
    client.send("a", server.address().port, "127.0.0.1");
    await vi.waitFor(() => expect(said).toEqual(["b", "c"]));
    client.close();
    server.close();
  }
  // What was sent as text is not in it: we never send text.
  expect((await readFile(join(folder, "pcap"))).length).toBe(24 + 2 * (16 + 42 + 1));
});

test("a file that cannot be written is a warning, and no reason not to boot machines", async () => {
  {
    await using capture = open(1 << 20, join(folder, "absent/pcap"));
    for (let n = 0; n < 3; n++) {
      capture.record(here, there, Buffer.alloc(10));
      await new Promise(setImmediate);
    }
  }
  expect(warnings[0]).toContain("cannot capture to");
});
