// The BMC's end of serial over LAN. IPMI 2.0 §15.
import { decode, encode } from "../../../wire/codec.ts";
import type { Clock } from "../../clock.ts";
import { solPacket } from "../../ipmi/commands/sol.ts";
import type { SerialConsole } from "../serial-console.ts";

const quiet = {
  reserved: 0,
  refused: 0,
  unavailable: 0,
  deactivating: 0,
  overrun: 0,
  broken: 0,
  reserved2: 0,
};
const mostBytes = 200;
const retryMs = 500;
const tries = 8;
/** A console that nobody reads drops what is old rather than grow for ever. */
const mostPending = 64 * 1024;

export class SolConsole implements Disposable {
  #line: SerialConsole;
  #clock: Clock;
  #send: (payload: Uint8Array) => void;
  #watching: Disposable;
  #pending: Uint8Array = new Uint8Array();
  #sequence = 0;
  #unacknowledged:
    | { readonly sequence: number; readonly size: number; readonly timer: Disposable }
    | undefined;
  #lastTyped = 0;

  constructor({
    line,
    clock,
    send,
  }: { line: SerialConsole; clock: Clock; send: (payload: Uint8Array) => void }) {
    this.#line = line;
    this.#clock = clock;
    this.#send = send;
    this.#watching = line.watch((bytes) => {
      this.#pending = Buffer.concat([this.#pending, bytes]).subarray(-mostPending);
      this.#flush();
    });
  }

  receive(payload: Uint8Array): void {
    const { sequence, acknowledges, accepted, status, data } = decode(solPacket, payload);
    if (this.#unacknowledged && acknowledges === this.#unacknowledged.sequence) {
      this.#unacknowledged.timer[Symbol.dispose]();
      this.#pending = this.#pending.subarray(status.refused === 1 ? accepted : this.#unacknowledged.size);
      this.#unacknowledged = undefined;
    }
    if (sequence !== 0) {
      this.#send(
        encode(solPacket, {
          sequence: 0,
          acknowledges: sequence,
          accepted: data.length,
          status: quiet,
          data: new Uint8Array(),
        }),
      );
      // A repeated packet is acknowledged again and not typed again.
      if (sequence !== this.#lastTyped && data.length > 0) this.#line.type(data.slice());
      this.#lastTyped = sequence;
    }
    this.#flush();
  }

  #flush(): void {
    if (this.#unacknowledged || this.#pending.length === 0) return;
    this.#sequence = (this.#sequence % 15) + 1;
    const data = this.#pending.slice(0, mostBytes);
    this.#offer({ sequence: this.#sequence, data, attempt: 1 });
  }

  #offer(packet: { sequence: number; data: Uint8Array; attempt: number }): void {
    const { sequence, data, attempt } = packet;
    const timer = this.#clock.after(retryMs, () => {
      if (attempt < tries) this.#offer({ ...packet, attempt: attempt + 1 });
      else this[Symbol.dispose]();
    });
    this.#unacknowledged = { sequence, size: data.length, timer };
    this.#send(encode(solPacket, { sequence, acknowledges: 0, accepted: 0, status: quiet, data }));
  }

  [Symbol.dispose](): void {
    this.#watching[Symbol.dispose]();
    this.#unacknowledged?.timer[Symbol.dispose]();
    this.#unacknowledged = undefined;
    this.#pending = new Uint8Array();
  }
}
