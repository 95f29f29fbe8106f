// The time, for machines that reach nobody else: without it no system calls itself ready.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { modes, msToTimestamp, ntpPacket } from "../../../os/network/ntp/packet.ts";
import { decodePrefix, encode } from "../../../wire/codec.ts";

const port = 123;

export async function startTimeServer(address: string): Promise<AsyncDisposable> {
  const socket = createSocket("udp4");
  socket.on("message", (bytes, from) => {
    if (bytes.length < 48) return;
    const { value: asked } = decodePrefix(ntpPacket, bytes);
    const now = msToTimestamp(Date.now());
    const answer = encode(ntpPacket, {
      ...asked,
      head: { leap: 0, version: 4, mode: modes.server },
      ...{ stratum: 1, precision: -10, rootDelayMs: 0, rootDispersionMs: 1, reference: 0 },
      ...{ referenceTime: now, originate: asked.transmit, receive: now, transmit: now },
    });
    socket.send(answer, from.port, from.address);
  });
  socket.bind(port, address);
  await once(socket, "listening");
  return {
    async [Symbol.asyncDispose]() {
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}
