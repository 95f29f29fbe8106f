// The UDP socket of this side. One serves any number of BMCs: five thousand of them need one file descriptor.
import { createSocket, type RemoteInfo } from "node:dgram";
import { once } from "node:events";
import { decode } from "../../wire/codec.ts";
import { WireError } from "../../wire/error.ts";
import { type Envelope, readEnvelope } from "./packet.ts";
import { rmcp } from "./rmcp.ts";

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
  readonly family?: 4 | 6;
  readonly randomU32: () => number;
}

export async function openLanPort({ family = 4, randomU32 }: LanPortOptions): Promise<LanPort> {
  // 4 MB: the answers to a sweep of thousands arrive within a few milliseconds of each other.
  const socket = createSocket({ type: `udp${family}`, recvBufferSize: 4 * 1024 * 1024 });
  const strangers = new Map<string, Set<Listener>>();
  const sessions = new Map<number, { key: string; listener: Listener }>();

  socket.on("message", (packet, from) => {
    const arrival = read(packet);
    if (!arrival) return;
    const key = keyOf(from);
    if (arrival.class === "ipmi" && arrival.session !== 0) {
      const session = sessions.get(arrival.session);
      if (session?.key === key) session.listener(arrival);
    } else {
      for (const listener of strangers.get(key) ?? []) listener(arrival);
    }
  });
  // ICMP refusals of a dead BMC surface here on some kernels; its silence tells as much.
  socket.on("error", () => {});
  socket.bind(0);
  await once(socket, "listening");

  return {
    send: (packet, { address, port }) => socket.send(packet, port, address, () => {}),
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
    [Symbol.asyncDispose]: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

const keyOf = ({ address, port }: Peer | RemoteInfo) => `${address} ${port}`;

/** Undefined for what is no packet of ours: anybody can send anything to a UDP port. */
function read(packet: Uint8Array): Arrival | undefined {
  try {
    const { class: kind, payload } = decode(rmcp, packet);
    return kind === "asf" ? { class: kind, payload } : { class: kind, ...readEnvelope(payload) };
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw error;
  }
}
