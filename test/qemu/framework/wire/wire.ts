// A network cable that we carry each frame of: from QEMU to a switch's port and its delays, and back to QEMU, which
// then hands it to the network or to the card. For what this kernel has nothing for: netem, VLANs, bonds.
import { connect, type Socket } from "node:net";
import { encodeFrame, FrameReader } from "./frame-stream.ts";
import type { Passed, SwitchPort } from "./switch-port.ts";

export interface WirePace {
  /** One way. */
  readonly latencyMs: number;
  /** Of each frame by chance: up to so much more. */
  readonly jitterMs: number;
}

/** Sockets of the file system where QEMU hands out what it got, and takes what it shall pass on. */
export interface WireSockets {
  readonly fromMachine: string;
  readonly toNetwork: string;
  readonly fromNetwork: string;
  readonly toMachine: string;
}

/** For the life of one QEMU. */
export class Wire implements Disposable {
  readonly #port: SwitchPort;
  readonly #pace: WirePace;
  readonly #random: () => number;
  readonly #ends: Readonly<Record<keyof WireSockets, Socket>>;
  readonly #waiting = new Set<NodeJS.Timeout>();
  /** Until when the last frame of a direction is under way: a cable does not change their order. */
  readonly #arrivals = { toNetwork: 0, toMachine: 0 };

  constructor(sockets: WireSockets, port: SwitchPort, pace: WirePace, random: () => number) {
    this.#port = port;
    this.#pace = pace;
    this.#random = random;
    const open = (path: string) => {
      const socket = connect(path);
      // It breaks when the machine goes off, which its process tells.
      socket.on("error", () => {});
      return socket;
    };
    this.#ends = {
      fromMachine: open(sockets.fromMachine),
      toNetwork: open(sockets.toNetwork),
      fromNetwork: open(sockets.fromNetwork),
      toMachine: open(sockets.toMachine),
    };
    this.#carry(this.#ends.fromMachine, (frame) => port.fromMachine(frame));
    this.#carry(this.#ends.fromNetwork, (frame) => port.fromNetwork(frame));
  }

  #carry(from: Socket, pass: (frame: Buffer) => Passed): void {
    const reader = new FrameReader();
    from.on("data", (piece: Buffer) => {
      for (const frame of reader.read(piece)) {
        const { toNetwork, toMachine } = pass(frame);
        for (const one of toNetwork) this.#send("toNetwork", one);
        for (const one of toMachine) this.#send("toMachine", one);
      }
    });
  }

  #send(where: "toNetwork" | "toMachine", frame: Buffer): void {
    const { latencyMs, jitterMs } = this.#pace;
    const deliver = () => this.#ends[where].writable && this.#ends[where].write(encodeFrame(frame));
    const now = performance.now();
    const arrival = Math.max(this.#arrivals[where], now + latencyMs + jitterMs * this.#random());
    this.#arrivals[where] = arrival;
    if (latencyMs + jitterMs === 0) return void deliver();
    const timer = setTimeout(() => {
      this.#waiting.delete(timer);
      deliver();
    }, arrival - now);
    this.#waiting.add(timer);
  }

  [Symbol.dispose](): void {
    this.#port.reset();
    for (const timer of this.#waiting) clearTimeout(timer);
    for (const socket of Object.values(this.#ends)) socket.destroy();
  }
}
