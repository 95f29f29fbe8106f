import { createServer } from "node:net";
import { create } from "@bufbuild/protobuf";
import { expect, test } from "vitest";
import {
  NetstatRequest_Filter as Filter,
  NetstatRequestSchema,
  ConnectRecord_State as State,
} from "../../../../api/gen/machine/network_pb.js";
import { netstat, parseSockets } from "./netstat.ts";

const heading =
  "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n";

test.each<[string, string, object]>([
  [
    "a listener",
    "   0: 0100007F:0016 00000000:0000 0A 00000000:00000005 00:00000000 00000000     7        0 22061 1 00000000f3df5ba8 100 0 0 10 0",
    {
      ...{ localip: "127.0.0.1", localport: 22, remoteip: "0.0.0.0", remoteport: 0, state: State.LISTEN },
      ...{ txqueue: 0n, rxqueue: 5n, uid: 7, inode: 22061n, ref: 1n, pointer: 0xf3df5ba8n },
    },
  ],
  [
    "a connection that sends again",
    "   1: 0200000A:C350 0101A8C0:01BB 01 00000010:00000000 01:0000001C 00000002  1000       30 999 2 0000000000000000",
    {
      ...{ localip: "10.0.0.2", localport: 50_000, remoteip: "192.168.1.1", remoteport: 443 },
      ...{ state: State.ESTABLISHED, txqueue: 16n, tr: 1, timerwhen: 28n, retrnsmt: 2n, timeout: 30n },
    },
  ],
  [
    "version 6",
    "   0: 000080FE00000000FF005450000011FE:C350 00000000000000000000000000000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 1 1 0",
    { localip: "fe80::5054:ff:fe11:0", remoteip: "::" },
  ],
  [
    "version 4 within version 6",
    "   0: 0000000000000000FFFF00000200000A:C350 0000000000000000FFFF00000100000A:9C40 01 00000000:00000000 00:00000000 00000000     0        0 1 1 0",
    { localip: "10.0.0.2", remoteip: "10.0.0.1", remoteport: 40_000 },
  ],
])("reads %s", (_, line, expected) => {
  expect(parseSockets(`${heading}${line}\n`)).toMatchObject([expected]);
});

test("shows who listens, and only what was asked for", async () => {
  await using server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  const ask = async (filter: Filter, l4proto: object, pid = true) => {
    const request = create(NetstatRequestSchema, { filter, l4proto, feature: { pid } });
    const { messages } = await netstat({ proc: "/proc" }).netstat(request, undefined as never);
    return messages![0]?.connectrecord?.filter((record) => record.localport === port) ?? [];
  };
  expect(await ask(Filter.LISTENING, { tcp: true })).toMatchObject([
    { l4proto: "tcp", localip: "127.0.0.1", state: State.LISTEN, process: { pid: process.pid } },
  ]);
  expect(await ask(Filter.LISTENING, { tcp: true }, false)).toMatchObject([{ process: {} }]);
  expect(await ask(Filter.CONNECTED, { tcp: true })).toEqual([]);
  expect(await ask(Filter.ALL, { udp: true, raw6: true })).toEqual([]);
});
