import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer, type Socket } from "node:net";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { systemClock } from "../../../cosi/system-clock.ts";
import { openLineSink } from "./line-sink.ts";
import { LogBook } from "./log-book.ts";
import { sendServiceLogs } from "./service-log-sender.ts";

test("a server is sent what services have said, what they say, and who comes later", async () => {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const url = `tcp://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const logs = new LogBook(() => new Date("2026-08-01T00:00:00Z"));
  const say = (id: string, text: string) => logs.open(id).write(Buffer.from(text));
  say("apid", "first\nsec");
  {
    await using _ = sendServiceLogs({
      url,
      tags: { rack: "7" },
      logs,
      open: openLineSink,
      clock: systemClock,
    });
    const [socket] = (await once(server, "connection")) as [Socket];
    const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
    const next = async () => JSON.parse((await lines.next()).value as string) as unknown;
    expect(await next()).toEqual({
      ...{ rack: "7", msg: "first", "talos-level": "info", "talos-service": "apid" },
      "talos-time": "2026-08-01T00:00:00.000Z",
    });
    say("apid", "ond\n");
    expect(await next()).toMatchObject({ msg: "second" });
    say("ext-late", "here\r\n");
    expect(await next()).toMatchObject({ msg: "here", "talos-service": "ext-late" });
  }
  server.close();
});
