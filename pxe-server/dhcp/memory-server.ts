// The DHCP server of one interface without a network: what comes in is given by hand, what goes out is kept. For tests.
import type { Socket } from "node:dgram";
import { EventEmitter } from "node:events";
import type { Booter } from "../booter.ts";
import { Boots } from "../boots.ts";
import type { Clock } from "../clock.ts";
import { dhcpMode } from "./network.ts";
import { type DhcpServer, openDhcpServer } from "./server.ts";
import { TacticBook } from "./tactics.ts";

export interface Sent {
  readonly bytes: Uint8Array;
  readonly port: number;
  readonly address: string;
}

class MemorySocket extends EventEmitter {
  readonly sent: Sent[] = [];
  send(bytes: Uint8Array, port: number, address: string): void {
    this.sent.push({ bytes: Uint8Array.from(bytes), port, address });
  }
  close(): void {}
}

export interface MemoryServer extends AsyncDisposable {
  readonly server: DhcpServer;
  readonly boots: Boots;
  readonly tactics: TacticBook;
  readonly warnings: readonly string[];
  /** What is answered, once everything has been thought over. */
  exchange(
    port: number,
    bytes: Uint8Array,
    from?: { address: string; port: number },
  ): Promise<readonly Sent[]>;
}

export const address = "192.0.2.1";

const booter: Booter = {
  plan: async () => ({ do: "disk", why: "a test", method: "exit" }),
  asset: async () => undefined,
  report: () => {},
};

export async function openMemoryServer(mode: object, clock: Clock): Promise<MemoryServer> {
  const sockets = new Map<number, MemorySocket>();
  const warnings: string[] = [];
  const tactics = new TacticBook(clock);
  let id = 0;
  const { signal } = new AbortController();
  const boots = new Boots({ booter, clock, newId: () => `b${++id}`, onReport: () => {}, signal });
  const server = await openDhcpServer({
    device: "eth0",
    address,
    mode: dhcpMode.parse(mode),
    boots,
    tactics,
    bootServer: (mac) => ({
      address,
      entryUrl: `http://${address}:8080/start/${mac.replaceAll(":", "-")}.ipxe`,
      loaderUrl: (file) => `http://${address}:8080/loaders/${file}`,
    }),
    clock,
    openSocket: async (_, port) => {
      const socket = new MemorySocket();
      sockets.set(port, socket);
      return socket as unknown as Socket;
    },
    onWarning: (text) => warnings.push(text),
  });
  return {
    server,
    boots,
    tactics,
    warnings,
    exchange: async (port, bytes, from = { address: "0.0.0.0", port: 68 }) => {
      const socket = sockets.get(port)!;
      socket.sent.length = 0;
      socket.emit("message", Buffer.from(bytes), from);
      for (let turn = 0; turn < 5; turn++) await new Promise(setImmediate);
      return [...socket.sent];
    },
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}
