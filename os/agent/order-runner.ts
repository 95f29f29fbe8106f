// Carries out orders: begins each once, watches its deadline, stops it when told to, and tells every step.

import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type {
  BmcAccountOrder,
  FailureSchema,
  IdentifyOrder,
  Order,
  OrderReport,
  RebootOrder,
  RunningSchema,
  SucceededSchema,
  TestOrder,
} from "../../api/gen/ingot/agent/v1/orders_pb.js";
import type { WipeOrder } from "../../api/gen/ingot/agent/v1/wipe_pb.js";
import type { Clock } from "../../cosi/clock.ts";
import type { OrderBook, OrderState } from "./order-book.ts";

export type Progress = MessageInitShape<typeof RunningSchema>;

export type Outcome =
  | {
      readonly is: "succeeded";
      readonly result?: MessageInitShape<typeof SucceededSchema>["result"];
      /** What ends this boot, done when the provisioner knows. */
      readonly afterwards?: () => void;
    }
  | {
      readonly is: "failed";
      readonly why: string;
      readonly result?: MessageInitShape<typeof FailureSchema>["result"];
    }
  | { readonly is: "refused"; readonly why: string };

/** Aborting the signal asks to stop where that is safe; what was done until then is still an outcome. */
export type Execute<What> = (
  what: What,
  task: { readonly progress: (progress: Progress) => void; readonly signal: AbortSignal },
) => Promise<Outcome>;

export interface Executors {
  readonly wipe: Execute<WipeOrder>;
  readonly bmcAccount: Execute<BmcAccountOrder>;
  readonly reboot: Execute<RebootOrder>;
  readonly powerOff: Execute<unknown>;
  readonly identify: Execute<IdentifyOrder>;
  readonly test: Execute<TestOrder>;
}

export interface RunnerOptions {
  readonly book: OrderBook;
  readonly executors: Executors;
  readonly clock: Clock;
  /** Told of every report that is new. */
  readonly reported: (report: OrderReport) => void;
}

/** How long an order that was told to stop may take to do so before it is given up. */
const graceMs = 30_000;
/** A reboot waits this long for the provisioner to store that it was begun. */
const settleMs = 10_000;

/** Aborts an order by its deadline, by the provisioner's word, or because the machine ends. */
type Stop = { readonly by: "deadline" | "cancel"; readonly why: string };

export class OrderRunner {
  readonly #options: RunnerOptions;
  readonly #stops = new Map<string, (stop: Stop) => void>();
  readonly #afterwards = new Map<string, () => void>();

  constructor(options: RunnerOptions) {
    this.#options = options;
  }

  receive(order: Order): void {
    const receipt = this.#options.book.receive(order);
    if (receipt.do === "answer") return this.#options.reported(receipt.report);
    this.#tell(order.id, { case: "running", value: { doing: order.why || "beginning" } });
    void this.#carryOut(order);
  }

  cancel(id: string): void {
    const stop = this.#stops.get(id);
    if (stop) return stop({ by: "cancel", why: "the provisioner cancelled it" });
    const report = this.#options.book.cancelUnknown(id);
    if (report) this.#options.reported(report);
  }

  settle(id: string): void {
    this.#options.book.settle(id);
    if (!this.#options.book.isSettled(id)) return;
    this.#afterwards.get(id)?.();
    this.#afterwards.delete(id);
  }

  async #carryOut(order: Order): Promise<void> {
    const { clock } = this.#options;
    const abort = new AbortController();
    const given = Promise.withResolvers<Outcome>();
    let stopped: Stop | undefined;
    let grace: Disposable | undefined;
    const stop = (reason: Stop) => {
      if (stopped) return;
      stopped = reason;
      abort.abort(new Error(reason.why));
      grace = clock.after(graceMs, () =>
        given.resolve({
          is: "failed",
          why: `${reason.why}, and it did not stop within ${graceMs / 1000} s: something hangs`,
        }),
      );
    };
    this.#stops.set(order.id, stop);
    const limitMs = order.deadline && durationMs(order.deadline);
    const deadline = limitMs
      ? clock.after(limitMs, () =>
          stop({ by: "deadline", why: `it was not done within ${(limitMs / 1000).toFixed(0)} s` }),
        )
      : undefined;
    try {
      const work = this.#execute(order, abort.signal).catch(
        (error: unknown): Outcome => ({ is: "failed", why: reasonOf(error) }),
      );
      const outcome = await Promise.race([work, given.promise]);
      this.#tell(order.id, stateOf(outcome, stopped));
      if (outcome.is === "succeeded" && outcome.afterwards) this.#later(order.id, outcome.afterwards);
    } finally {
      this.#stops.delete(order.id);
      deadline?.[Symbol.dispose]();
      grace?.[Symbol.dispose]();
    }
  }

  async #execute({ id, what }: Order, signal: AbortSignal): Promise<Outcome> {
    const { executors } = this.#options;
    const task = {
      signal,
      progress: (running: Progress) => this.#tell(id, { case: "running", value: running }),
    };
    switch (what.case) {
      case "wipe":
        return executors.wipe(what.value, task);
      case "bmcAccount":
        return executors.bmcAccount(what.value, task);
      case "reboot":
        return executors.reboot(what.value, task);
      case "powerOff":
        return executors.powerOff(what.value, task);
      case "identify":
        return executors.identify(what.value, task);
      case "test":
        return executors.test(what.value, task);
      case undefined:
        return { is: "refused", why: "this version of the agent does not know such an order" };
    }
  }

  /** Done as soon as the provisioner has settled the order; a provisioner that is gone does not hold it up for ever. */
  #later(id: string, act: () => void): void {
    let done = false;
    const once = () => {
      if (done) return;
      done = true;
      act();
    };
    this.#afterwards.set(id, once);
    this.#options.clock.after(settleMs, once);
  }

  #tell(id: string, state: OrderState): void {
    const report = this.#options.book.advance(id, state);
    if (report) this.#options.reported(report);
  }
}

function stateOf(outcome: Outcome, stopped: Stop | undefined): OrderState {
  const result = "result" in outcome ? outcome.result : undefined;
  if (outcome.is === "refused") return { case: "refused", value: { why: outcome.why } };
  // It may have been done before it heard of it.
  if (outcome.is === "succeeded")
    return { case: "succeeded", value: { ...(result && { result: outcome.result! }) } };
  const why = stopped
    ? outcome.why === stopped.why
      ? stopped.why
      : `${stopped.why}: ${outcome.why}`
    : outcome.why;
  const failure = { why, ...(outcome.result && { result: outcome.result }) };
  return stopped?.by === "cancel"
    ? { case: "cancelled", value: failure }
    : { case: "failed", value: failure };
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));
