// Running transfers: each one's state, its channel to the client, and one sweep for everyone's timeouts.
import type { Clock } from "../clock.ts";
import type { Agreement } from "./options.ts";
import { decodeFromClient, encodeBlocks, encodeOack } from "./packet.ts";
import { type Action, advance, begin, type Event, type Step, type Transfer } from "./transfer.ts";

type TransferClock = Pick<Clock, "now" | "every">;

/** The way to one client. */
export interface Channel {
  /** `packets` holds one or more packets of `packetBytes` each; the last may be shorter. */
  send(packets: Buffer, packetBytes: number): void;
  close(): void;
}

export interface Job {
  readonly content: Uint8Array<SharedArrayBuffer>;
  readonly agreement: Agreement;
}

export type Outcome =
  | { readonly type: "progress" | "finished"; readonly sentBytes: number; readonly totalBytes: number }
  | { readonly type: "declined" }
  | { readonly type: "failed"; readonly why: string; readonly sentBytes: number };

const sweepMs = 100;
const progressMs = 1000;
/** Long against a LAN's round trip, short against a person's patience; doubled at each retransmission. */
const firstTimeoutMs = 300;
const longestTimeoutMs = 8000;

interface Running {
  readonly job: Job;
  readonly channel: Channel;
  readonly onOutcome: (outcome: Outcome) => void;
  transfer: Transfer;
  deadlineMs: number;
  reportedMs: number;
  reportedBlock: number;
}

export class Transfers implements Disposable {
  readonly #clock: TransferClock;
  readonly #running = new Set<Running>();
  readonly #sweep: Disposable;

  constructor(clock: TransferClock) {
    this.#clock = clock;
    this.#sweep = clock.every(sweepMs, () => this.#tick());
  }

  get count(): number {
    return this.#running.size;
  }

  /** Begins at once. Hand it what the client sends; it closes the channel at the end, whatever the end. */
  start(job: Job, channel: Channel, onOutcome: (outcome: Outcome) => void): RunningTransfer {
    const first = begin(job.agreement, job.content.length);
    const now = this.#clock.now();
    const running: Running = {
      job,
      channel,
      onOutcome,
      transfer: first.transfer,
      deadlineMs: now + timeoutOf(job, first.transfer),
      reportedMs: now,
      reportedBlock: 0,
    };
    this.#running.add(running);
    this.#act(running, first);
    return {
      receive: (packet) => {
        const event = decodeFromClient(packet);
        if (event && this.#running.has(running)) this.#apply(running, event);
      },
      abort: (why) => {
        if (this.#running.has(running))
          this.#end(running, { type: "failed", why, sentBytes: sentBytes(running) });
      },
    };
  }

  [Symbol.dispose](): void {
    this.#sweep[Symbol.dispose]();
    for (const running of this.#running) {
      this.#end(running, { type: "failed", why: "the server is stopping", sentBytes: sentBytes(running) });
    }
  }

  #tick(): void {
    const now = this.#clock.now();
    for (const running of this.#running) {
      if (now >= running.deadlineMs) this.#apply(running, { type: "timeout" });
      else if (now - running.reportedMs >= progressMs && running.transfer.acked > running.reportedBlock) {
        running.reportedMs = now;
        running.reportedBlock = running.transfer.acked;
        const totalBytes = running.job.content.length;
        running.onOutcome({ type: "progress", sentBytes: sentBytes(running), totalBytes });
      }
    }
  }

  #apply(running: Running, event: Event): void {
    const step = advance(running.transfer, event);
    running.transfer = step.transfer;
    if (step.action.do !== "nothing") {
      running.deadlineMs = this.#clock.now() + timeoutOf(running.job, step.transfer);
    }
    this.#act(running, step);
  }

  #act(running: Running, { action, transfer }: Step): void {
    switch (action.do) {
      case "nothing":
        return;
      case "oack": {
        const packet = encodeOack(running.job.agreement.accepted);
        running.channel.send(packet, packet.length);
        return;
      }
      case "blocks": {
        const { blockSize } = transfer;
        const packets = encodeBlocks(running.job.content, blockSize, action.from, action.to);
        running.channel.send(packets, blockSize + 4);
        return;
      }
      case "finish":
      case "decline":
      case "fail":
        this.#end(running, outcomeOf(action, running));
        return;
      default:
        action satisfies never;
    }
  }

  #end(running: Running, outcome: Outcome): void {
    this.#running.delete(running);
    running.channel.close();
    running.onOutcome(outcome);
  }
}

export interface RunningTransfer {
  receive(packet: Uint8Array): void;
  abort(why: string): void;
}

function outcomeOf(
  action: Extract<Action, { do: "finish" | "decline" | "fail" }>,
  running: Running,
): Outcome {
  const totalBytes = running.job.content.length;
  if (action.do === "finish") return { type: "finished", sentBytes: totalBytes, totalBytes };
  if (action.do === "decline") return { type: "declined" };
  return { type: "failed", why: action.why, sentBytes: sentBytes(running) };
}

const timeoutOf = ({ agreement }: Job, { timeouts }: Transfer) =>
  agreement.timeoutMs ?? Math.min(firstTimeoutMs * 2 ** timeouts, longestTimeoutMs);

const sentBytes = ({ transfer, job }: Running) =>
  Math.min(transfer.acked * transfer.blockSize, job.content.length);
