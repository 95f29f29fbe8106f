import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { systemClock } from "../../../cosi/system-clock.ts";
import { VirtualClock } from "../../../cosi/virtual-clock.ts";
import type { KernelRecord, ReadKernelLog } from "../api/machine/dmesg.ts";
import { sendKernelLog } from "./kernel-log-sender.ts";
import { openLineSink } from "./line-sink.ts";

const record = (sequence: number): KernelRecord => ({
  at: new Date("2026-08-01T00:00:00Z"),
  ...{ priority: 28, text: `line ${sequence}`, sequence, sinceBootMs: 1.5 },
});
/** A log of some records, after which nothing comes. */
const log = (...sequences: number[]): ReadKernelLog =>
  async function* ({ signal }) {
    yield sequences.map(record);
    await once(signal, "abort");
  };

test("a server is sent every record as a line of JSON", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  {
    await using _ = sendKernelLog({ url, read: log(1, 2), open: openLineSink, clock: systemClock });
    const [socket] = (await once(server, "connection")) as [Socket];
    const lines = createInterface({ input: socket });
    const read: unknown[] = [];
    for await (const line of lines) if (read.push(JSON.parse(line)) === 2) break;
    expect(read[0]).toEqual({
      ...{ clock: 1500, facility: "daemon", msg: "line 1", priority: "warning", seq: 1 },
      ...{ "talos-level": "warn", "talos-time": "2026-08-01T00:00:00.000Z" },
    });
    expect(read[1]).toMatchObject({ seq: 2 });
  }
  server.close();
});

test("datagrams hold a record each", async () => {
  const server = createSocket("udp4").bind(0, "127.0.0.1");
  await once(server, "listening");
  {
    const url = `udp://127.0.0.1:${server.address().port}`;
    await using _ = sendKernelLog({ url, read: log(1), open: openLineSink, clock: systemClock });
    const [bytes] = (await once(server, "message")) as [Buffer];
    expect(JSON.parse(bytes.toString())).toMatchObject({ msg: "line 1" });
  }
  server.close();
});

test("what a server that is gone was not told, the next one is told", async () => {
  const clock = new VirtualClock();
  const told: string[] = [];
  let attempts = 0;
  const open = async () => {
    attempts += 1;
    const isBroken = attempts === 2;
    if (attempts === 1) throw new Error("nobody is there");
    return {
      async write(line: string) {
        if (isBroken && told.length === 1) throw new Error("gone");
        told.push((JSON.parse(line) as { msg: string }).msg);
      },
      async [Symbol.asyncDispose]() {},
    };
  };
  await using _ = sendKernelLog({ url: "tcp://a:1", read: log(1, 2, 3), open, clock });
  await clock.advance(4_999);
  expect(told).toEqual([]);
  await clock.advance(1);
  expect(told).toEqual(["line 1"]);
  await clock.advance(5_000);
  expect(told).toEqual(["line 1", "line 2", "line 3"]);
});
