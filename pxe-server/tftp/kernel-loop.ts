// An event loop for one thread that does nothing but TFTP: it waits in the kernel (epoll) and reads where something
// came. A packet costs two system calls here and a third of what it costs by way of Node's own loop.
import { arch } from "node:os";
import { epollCalls } from "../c-library.ts";
import type { Clock } from "../clock.ts";

const EPOLL_CLOEXEC = 0o2000000;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
/** struct epoll_event is packed on x86-64 alone. */
const eventBytes = arch() === "x64" ? 12 : 16;
const dataOffset = eventBytes - 8;
const maxEvents = 256;

interface Timer {
  readonly everyMs: number;
  readonly call: () => void;
  dueMs: number;
}

export class KernelLoop {
  readonly #epoll = epollCalls.create(EPOLL_CLOEXEC) as number;
  readonly #events = Buffer.alloc(maxEvents * eventBytes);
  readonly #readers = new Map<number, () => void>();
  readonly #timers = new Set<Timer>();
  readonly #now: () => number;

  constructor(now: () => number) {
    this.#now = now;
  }

  /** Time for what runs here: Node's timers never fire while this loop has the thread. */
  get clock(): Pick<Clock, "now" | "every"> {
    return {
      now: this.#now,
      every: (everyMs, call) => {
        const timer = { everyMs, call, dueMs: this.#now() + everyMs };
        this.#timers.add(timer);
        return { [Symbol.dispose]: () => this.#timers.delete(timer) };
      },
    };
  }

  /** `onReadable` reads once; it is called again if more is there. */
  add(fd: number, onReadable: () => void): void {
    const event = Buffer.alloc(eventBytes);
    event.writeUInt32LE(EPOLLIN, 0);
    event.writeInt32LE(fd, dataOffset);
    this.#readers.set(fd, onReadable);
    epollCalls.control(this.#epoll, EPOLL_CTL_ADD, fd, event);
  }

  /** Before it is closed, which takes it out of the kernel's list. */
  remove(fd: number): void {
    this.#readers.delete(fd);
  }

  /** Waits for whatever comes first, a packet or a timer, and serves it. */
  turn(): void {
    const count = epollCalls.wait(this.#epoll, this.#events, maxEvents, this.#untilTimer()) as number;
    for (let at = 0; at < count; at++) {
      // Undefined for a socket that was closed by an event before this one.
      this.#readers.get(this.#events.readInt32LE(at * eventBytes + dataOffset))?.();
    }
    const now = this.#now();
    for (const timer of this.#timers) {
      if (timer.dueMs > now) continue;
      timer.dueMs = now + timer.everyMs;
      timer.call();
    }
  }

  #untilTimer(): number {
    let due = Number.POSITIVE_INFINITY;
    for (const { dueMs } of this.#timers) due = Math.min(due, dueMs);
    return Math.max(0, Math.min(Math.ceil(due - this.#now()), 1000));
  }
}
