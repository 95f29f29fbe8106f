import { createSocket } from "node:dgram";
import { once } from "node:events";
import { expect, test } from "vitest";
import { openLanPort } from "./lan-port.ts";

test("what was sent before a port closed still leaves", async () => {
  const peer = createSocket("udp4");
  peer.bind(0, "127.0.0.1");
  await once(peer, "listening");
  const heard = once(peer, "message");
  const port = await openLanPort({ randomU32: () => 1 });
  port.send(Buffer.from("goodbye"), { address: "127.0.0.1", port: peer.address().port });
  await port[Symbol.asyncDispose]();
  expect(String((await heard)[0])).toBe("goodbye");
  peer.close();
});
