// The UDP sockets of this side. One serves any number of BMCs: five thousand of them need one file descriptor.
import { createSocket, type RemoteInfo, type Socket } from "node:dgram";
import { once } from "node:events";
import { isIPv6 } from "node:net";
import { decode } from "../../wire/codec.ts";
import { type Envelope, readEnvelope } from "./packet.ts";
import { rmcp } from "./rmcp.ts";
import { senseOrNone } from "./sense.ts";

export interface Peer {
  readonly address: string;
  readonly port: number;
}

/** Of the peer: an ASF message, or an IPMI packet with its session id, zero before there is a session. */
export type Arrival =
  | { readonly class: "asf"; readonly payload: Uint8Array }
  | ({ readonly class: "ipmi" } & Envelope);

type Listener = (arrival: Arrival) => void;

export interface LanPort extends AsyncDisposable {
  send(packet: Uint8Array, peer: Peer): void;
  /** What comes from that peer and belongs to no session. */
  listen(peer: Peer, listener: Listener): Disposable;
  /** A session id of ours that nobody else has, and what comes for it. Only from that peer. */
  session(peer: Peer, listener: Listener): Disposable & { readonly id: number };
}

export interface LanPortOptions {
  readonly randomU32: () => number;
}

export async function openLanPort({ randomU32 }: LanPortOptions): Promise<LanPort> {
  const strangers = new Map<string, Set<Listener>>();
  const sessions = new Map<number, { key: string; listener: Listener }>();

  const receive = (packet: Uint8Array, from: RemoteInfo) => {
    const arrival = senseOrNone(() => read(packet));
    // Anybody can send anything to a UDP port.
    if (!arrival) return;
    const key = keyOf(from);
    if (arrival.class === "ipmi" && arrival.session !== 0) {
      const session = sessions.get(arrival.session);
      if (session?.key === key) session.listener(arrival);
    } else {
      for (const listener of strangers.get(key) ?? []) listener(arrival);
    }
  };
  const newSocket = (type: "udp4" | "udp6") => {
    // 4 MB: the answers to a sweep of thousands arrive within a few milliseconds of each other.
    const socket = createSocket({ type, recvBufferSize: 4 * 1024 * 1024 });
    socket.on("message", receive);
    // ICMP refusals of a dead BMC surface here on some kernels; its silence tells as much.
    socket.on("error", () => {});
    return socket;
  };
  const ipv4 = newSocket("udp4");
  ipv4.bind(0);
  await once(ipv4, "listening");
  let leaving = 0;
  let allLeft = () => {};
  // Few BMCs, and not every host, have an IPv6 address.
  let ipv6: Socket | undefined;
  const socketTo = (address: string) => (isIPv6(address) ? (ipv6 ??= newSocket("udp6")) : ipv4);

  return {
    send(packet, { address, port }) {
      leaving++;
      socketTo(address).send(packet, port, address, () => {
        if (--leaving === 0) allLeft();
      });
    },
    listen(peer, listener) {
      const key = keyOf(peer);
      const listeners = strangers.get(key) ?? new Set();
      strangers.set(key, listeners.add(listener));
      return {
        [Symbol.dispose]() {
          listeners.delete(listener);
          if (listeners.size === 0) strangers.delete(key);
        },
      };
    },
    session(peer, listener) {
      let id = randomU32();
      while (id === 0 || sessions.has(id)) id = randomU32();
      sessions.set(id, { key: keyOf(peer), listener });
      return { id, [Symbol.dispose]: () => sessions.delete(id) };
    },
    async [Symbol.asyncDispose]() {
      // The last packets are those that give sessions back.
      if (leaving > 0) await new Promise<void>((resolve) => (allLeft = resolve));
      const open = [ipv4, ipv6].filter((socket) => socket !== undefined);
      await Promise.all(open.map((socket) => new Promise<void>((resolve) => socket.close(resolve))));
    },
  };
}

const keyOf = ({ address, port }: Peer | RemoteInfo) => `${address} ${port}`;

function read(packet: Uint8Array): Arrival {
  const { class: kind, payload } = decode(rmcp, packet);
  return kind === "asf" ? { class: kind, payload } : { class: kind, ...readEnvelope(payload) };
}
