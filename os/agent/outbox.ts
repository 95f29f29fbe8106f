import type { OrderReport } from "../../api/gen/ingot/agent/v1/orders_pb.js";
import type { Request } from "./session.ts";

/** Faults beyond these are forgotten, the oldest first: they are on the console all the same. */
const keptFaults = 100;

/**
 * What waits to be sent in one session. Bounded however slow the line is: of two reports of one order, of two
 * inventories, only the newer is worth sending.
 */
export class Outbox {
  /** By what a newer message replaces. */
  readonly #waiting = new Map<string, Request>();
  #wake: () => void = () => {};
  #faults = 0;
  #closed = false;

  constructor(first: readonly Request[] = []) {
    for (const message of first) this.post(message);
  }

  /** Those that no session has told yet. */
  takeFaults(): readonly Request[] {
    return [...this.#waiting.values()].filter((message) => message.case === "fault");
  }

  post(message: Request): void {
    if (message.case === "order") return this.#put(`order ${message.value.id}`, message);
    if (message.case !== "fault") return this.#put(message.case ?? "", message);
    this.#waiting.delete(`fault ${this.#faults - keptFaults}`);
    this.#put(`fault ${this.#faults++}`, message);
  }

  report(report: OrderReport): void {
    this.post({ case: "order", value: report });
  }

  close(): void {
    this.#closed = true;
    this.#wake();
  }

  async *messages(): AsyncGenerator<{ message: Request }, void> {
    while (!this.#closed) {
      const next = this.#waiting.entries().next();
      if (next.done) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        continue;
      }
      const [key, message] = next.value;
      this.#waiting.delete(key);
      yield { message };
    }
  }

  #put(key: string, message: Request): void {
    if (this.#closed) return;
    this.#waiting.set(key, message);
    this.#wake();
  }
}
