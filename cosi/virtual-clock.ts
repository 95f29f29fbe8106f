import type { Clock } from "./clock.ts";

interface Timer {
  readonly atMs: number;
  /** Timers of one moment fire in the order in which they were set. */
  readonly order: number;
  readonly wake: () => void;
  cancelled: boolean;
}

export interface VirtualClockOptions {
  readonly start?: Date;
  /** Resolves when everything that can happen without time passing has happened. */
  readonly settle?: () => Promise<void>;
}

/** One turn of the event loop: every promise that can be resolved by then is. */
const oneTurn = () => new Promise<void>((resolve) => setImmediate(resolve));

/**
 * Time that passes only when told to, and then at once: hours of timers run in milliseconds, always in the same
 * order. Between two moments everything that waits for a promise gets to run.
 */
export class VirtualClock implements Clock {
  #nowMs: number;
  #order = 0;
  #cancelled = 0;
  /** A binary heap: the next timer is first. */
  #timers: Timer[] = [];
  readonly #settle: () => Promise<void>;

  constructor({ start = new Date("2026-01-01T00:00:00Z"), settle = oneTurn }: VirtualClockOptions = {}) {
    this.#nowMs = start.getTime();
    this.#settle = settle;
  }

  now(): Date {
    return new Date(this.#nowMs);
  }

  elapsedMs(): number {
    return this.#nowMs;
  }

  after(delayMs: number, wake: () => void): Disposable {
    return this.#set(this.#nowMs + Math.max(delayMs, 0), wake);
  }

  at(deadline: Date, wake: () => void): Disposable {
    return this.#set(Math.max(deadline.getTime(), this.#nowMs), wake);
  }

  /** How many timers are waiting. */
  get pending(): number {
    return this.#timers.length - this.#cancelled;
  }

  /** When the next timer fires. */
  get next(): Date | undefined {
    this.#dropCancelled();
    const timer = this.#timers[0];
    return timer && new Date(timer.atMs);
  }

  /** Lets time pass, firing what falls due on the way. */
  async advance(durationMs: number): Promise<void> {
    await this.advanceTo(new Date(this.#nowMs + durationMs));
  }

  async advanceTo(moment: Date): Promise<void> {
    const endMs = moment.getTime();
    await this.#settle();
    while (this.#fireMomentBy(endMs)) await this.#settle();
    this.#nowMs = Math.max(this.#nowMs, endMs);
  }

  /** Jumps from timer to timer until none is left, or `done` says so between two moments. */
  async run(done: () => boolean = () => false): Promise<void> {
    await this.#settle();
    while (!done() && this.#fireMomentBy(Number.POSITIVE_INFINITY)) await this.#settle();
  }

  /** Fires all timers of the next moment, if it comes by `endMs`. */
  #fireMomentBy(endMs: number): boolean {
    this.#dropCancelled();
    const first = this.#timers[0];
    if (first === undefined || first.atMs > endMs) return false;
    this.#nowMs = first.atMs;
    // A timer set meanwhile for this same moment waits for the next round: what it follows from may still settle.
    const before = this.#order;
    for (let timer = this.#timers[0]; timer?.atMs === this.#nowMs && timer.order < before; ) {
      this.#pop();
      if (timer.cancelled) this.#cancelled--;
      else {
        timer.cancelled = true;
        timer.wake();
      }
      timer = this.#timers[0];
    }
    return true;
  }

  #set(atMs: number, wake: () => void): Disposable {
    const timer: Timer = { atMs, order: this.#order++, wake, cancelled: false };
    this.#push(timer);
    return { [Symbol.dispose]: () => this.#cancel(timer) };
  }

  #cancel(timer: Timer): void {
    if (timer.cancelled) return;
    timer.cancelled = true;
    this.#cancelled++;
    if (this.#cancelled <= 64 || this.#cancelled <= this.#timers.length / 2) return;
    const kept = this.#timers.filter(({ cancelled }) => !cancelled);
    this.#timers = [];
    this.#cancelled = 0;
    for (const timer of kept) this.#push(timer);
  }

  #dropCancelled(): void {
    while (this.#timers[0]?.cancelled) {
      this.#pop();
      this.#cancelled--;
    }
  }

  #push(timer: Timer): void {
    const heap = this.#timers;
    let index = heap.length;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(timer, heap[parent]!)) break;
      heap[index] = heap[parent]!;
      index = parent;
    }
    heap[index] = timer;
  }

  #pop(): void {
    const heap = this.#timers;
    const last = heap.pop()!;
    if (heap.length === 0) return;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1]!, heap[child]!)) child++;
      if (!before(heap[child]!, last)) break;
      heap[index] = heap[child]!;
      index = child;
    }
    heap[index] = last;
  }
}

const before = (a: Timer, b: Timer) => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);
