// An emulated BMC on the network: a UDP socket before the engine.
import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { SimulatedChassis } from "../chassis.ts";
import { IpmiEngine } from "./engine.ts";

export interface IpmiServerOptions {
  readonly chassis: SimulatedChassis;
  readonly randomBytes: (size: number) => Uint8Array;
  readonly address?: string | undefined;
  /** Zero: any free one. */
  readonly port?: number | undefined;
}

export interface IpmiServer extends AsyncDisposable {
  readonly address: string;
  readonly port: number;
  readonly openSessions: number;
}

export async function openIpmiServer(options: IpmiServerOptions): Promise<IpmiServer> {
  const { chassis, address = "127.0.0.1", port = 0 } = options;
  const socket = createSocket(address.includes(":") ? "udp6" : "udp4");
  const engine = new IpmiEngine({ ...options, udpPort: () => socket.address().port });
  socket.on("message", (packet, from) => {
    const receive = () =>
      engine.receive(packet, (reply) => socket.send(reply, from.port, from.address, () => {}));
    const { latencyMs } = chassis.quirks;
    if (latencyMs === undefined) receive();
    else chassis.clock.after(latencyMs, receive);
  });
  socket.bind(port, address);
  await once(socket, "listening");
  return {
    address,
    port: socket.address().port,
    get openSessions() {
      return engine.openSessions;
    },
    async [Symbol.asyncDispose]() {
      engine[Symbol.dispose]();
      const closed = once(socket, "close");
      socket.close();
      await closed;
    },
  };
}
