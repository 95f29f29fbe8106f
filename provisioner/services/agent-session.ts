// One machine's session: what it tells goes to the store, what the store asks goes to it.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { Duration } from "@bufbuild/protobuf/wkt";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { AttachRequest, AttachResponseSchema, Hello } from "../../api/gen/ingot/agent/v1/agent_pb.js";
import type { OrderReport } from "../../api/gen/ingot/agent/v1/orders_pb.js";
import type { Clock } from "../../cosi/clock.ts";
import type { ResourceOf, SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { NotFound } from "../../cosi/state-errors.ts";
import { bootMode } from "../decisions/boot-mode.ts";
import { gatherFacts } from "../decisions/facts.ts";
import { mayGoOut } from "../decisions/hands-off.ts";
import { AgentOrder } from "../resources/agent-order.ts";
import { AgentReport } from "../resources/agent-report.ts";
import { BootStatus } from "../resources/boot-status.ts";
import { Inventory } from "../resources/inventory.ts";
import { inventoryRecord } from "./inventory-record.ts";
import { recordsOf } from "./machine-records.ts";
import { orderMessage } from "./order-message.ts";
import { recordEvent } from "./record-event.ts";
import { reportRecord } from "./report-record.ts";
import { agentBeatMs } from "./silent-agents.ts";

type Attached = Extract<SpecOf<typeof BootStatus>, { state: "agent" }>;
type Answer = NonNullable<MessageInitShape<typeof AttachResponseSchema>["message"]>;

export interface AgentSessionOptions {
  readonly machine: string;
  readonly hello: Hello;
  /** Those of this machine that are in the store. */
  readonly orders: () => Promise<readonly ResourceOf<typeof AgentOrder>[]>;
  readonly state: State;
  readonly clock: Clock;
  readonly log: (text: string) => void;
}

/** How many intervals a machine may be silent before the session is given up. */
const missedPings = 3;

export class AgentSession {
  readonly #options: AgentSessionOptions;
  readonly #since: Date;
  readonly #answers: Answer[] = [];
  /** Orders that the machine has, or that are on their way to it. */
  readonly #carried = new Set<string>();
  /** Orders that may not go out now; whoever said no may say yes again. */
  readonly #held = new Map<string, ResourceOf<typeof AgentOrder>>();
  #wake: () => void = () => {};
  #over = false;
  #heardMs: number;
  /** As it was written down last, by which our own word is known from a later session's. */
  #toldAt: Date;

  constructor(options: AgentSessionOptions) {
    this.#options = options;
    this.#since = options.clock.now();
    this.#toldAt = this.#since;
    this.#heardMs = options.clock.elapsedMs();
  }

  async *run(
    heard: AsyncIterator<AttachRequest>,
    { signal, pingInterval }: { readonly signal: AbortSignal; readonly pingInterval: Duration },
  ): AsyncGenerator<{ message: Answer }, void> {
    const { machine, hello, log } = this.#options;
    signal.addEventListener("abort", () => this.#end(), { once: true });
    await this.#greet();
    yield { message: { case: "welcome", value: { machine, why: await this.#why(), pingInterval } } };
    log(`${machine}: its agent ${hello.version} is attached`);
    const listening = this.#listen(heard).catch((error: unknown) => {
      if (!signal.aborted) log(`${machine}: its session broke: ${String(error)}`);
    });
    await this.#takeUp(hello.orders);
    const beat = this.#beat(durationMs(pingInterval));
    try {
      while (!this.#over || this.#answers.length > 0) {
        const message = this.#answers.shift();
        if (message) yield { message };
        else await new Promise<void>((resolve) => (this.#wake = resolve));
      }
    } finally {
      this.#over = true;
      beat[Symbol.dispose]();
      // Its stream ends with the call: nothing is read after that.
      void listening;
    }
  }

  /** Carries an order over, or what became of it. */
  order(order: ResourceOf<typeof AgentOrder>): void {
    const { id } = order.metadata;
    if (order.spec.kernelBootId !== this.#options.hello.kernelBootId) return;
    // One that never went out as well: its agent answers that it was not begun, and who wrote it learns that.
    if (order.spec.cancelled) {
      this.#held.delete(id);
      return this.#say({ case: "cancel", value: { id } });
    }
    if (this.#carried.has(id)) return;
    this.#carried.add(id);
    this.#send(order).catch((error: unknown) => {
      this.#hold(order);
      this.#options.log(`${this.#options.machine}: ${String(error)}`);
    });
  }

  #hold(order: ResourceOf<typeof AgentOrder>): void {
    if (this.#carried.delete(order.metadata.id)) this.#held.set(order.metadata.id, order);
  }

  /** Looks once more before it goes out: between that and its being written somebody may have said no. */
  async #send(order: ResourceOf<typeof AgentOrder>): Promise<void> {
    const { machine, state, clock, log } = this.#options;
    const records = await recordsOf(state, machine);
    const { id } = order.metadata;
    if (!this.#carried.has(id)) return;
    if (!records || !mayGoOut(order.spec.what.is, gatherFacts(records))) {
      if (!this.#held.has(id)) log(`${machine}: order ${id} is held back: the machine may not be touched`);
      return this.#hold(order);
    }
    this.#held.delete(id);
    this.#say({ case: "order", value: orderMessage(order, clock.now()) });
  }

  /** The order is gone: the agent may forget it, whatever came of it. */
  settle(id: string): void {
    this.#held.delete(id);
    if (this.#carried.delete(id)) this.#say({ case: "settle", value: { id } });
  }

  /** A newer session of this machine took over. */
  supersede(): void {
    this.#say({ case: "superseded", value: {} });
    this.#end();
  }

  /** Records that nobody is attached any more, unless somebody is. */
  async lost(): Promise<void> {
    const { machine, clock, log } = this.#options;
    log(`${machine}: its agent is gone`);
    const why = "its agent is silent";
    await this.#change((spec) => ({
      state: "agentLost",
      kernelBootId: spec.kernelBootId,
      since: clock.now(),
      why,
    }));
  }

  /** Changes what is written of this session, unless something else is by now. */
  async #change(next: (spec: Attached) => SpecOf<typeof BootStatus>): Promise<void> {
    const { state, machine } = this.#options;
    try {
      await state.update(BootStatus, machine, ({ spec }) =>
        spec.state === "agent" && spec.heardAt.getTime() === this.#toldAt.getTime()
          ? { spec: next(spec) }
          : {},
      );
    } catch (error) {
      if (!(error instanceof NotFound)) throw error;
    }
  }

  async #greet(): Promise<void> {
    const { state, machine, hello } = this.#options;
    const { kernelBootId, version } = hello;
    const before = (await state.find(BootStatus, machine))?.spec;
    const goesOn = before?.state === "agent" && before.kernelBootId === kernelBootId;
    const since = goesOn ? before.since : this.#since;
    await state.set(BootStatus, machine, {
      spec: { state: "agent", kernelBootId, version, since, heardAt: this.#since },
    });
  }

  /**
   * Orders of before: those it has are told of, those it lacks are sent, those of another boot have ended with it. What
   * has come to its end is not sent again.
   */
  async #takeUp(known: readonly OrderReport[]): Promise<void> {
    const { state, machine, hello, clock, orders } = this.#options;
    for (const report of known) {
      this.#carried.add(report.id);
      await this.#keep(report);
    }
    const ours = await orders();
    const alive = new Set(ours.map(({ metadata }) => metadata.id));
    for (const order of ours) {
      const { id } = order.metadata;
      const report = (await state.find(AgentReport, id))?.spec;
      if (report && report.outcome.state !== "running") {
        this.#carried.add(id);
        continue;
      }
      if (order.spec.kernelBootId === hello.kernelBootId) {
        this.order(order);
        continue;
      }
      const outcome = { state: "lost", why: "the machine was started again meanwhile" } as const;
      const number = (report?.number ?? 0) + 1;
      await state.set(AgentReport, id, { spec: { machine, number, at: clock.now(), outcome } });
    }
    for (const { id } of known) if (!alive.has(id)) this.settle(id);
  }

  async #listen(heard: AsyncIterator<AttachRequest>): Promise<void> {
    try {
      for (let next = await heard.next(); !next.done; next = await heard.next()) {
        this.#heardMs = this.#options.clock.elapsedMs();
        await this.#hear(next.value.message);
      }
    } finally {
      this.#end();
    }
  }

  async #hear(message: AttachRequest["message"]): Promise<void> {
    const { state, machine, clock, log } = this.#options;
    switch (message.case) {
      case "inventory":
        await state.set(Inventory, machine, { spec: inventoryRecord(message.value, clock.now()) });
        log(`${machine}: its inventory is in`);
        return;
      case "order":
        await this.#keep(message.value);
        return;
      case "fault":
        await recordEvent(state, {
          at: clock.now(),
          machine,
          severity: "error",
          kind: "agent",
          what: message.value.what.slice(0, 1000),
        });
        return;
      case "pong":
      case "hello":
      case undefined:
        return;
    }
  }

  /** Numbers grow: what comes late or twice changes nothing. */
  async #keep(report: OrderReport): Promise<void> {
    const { state, machine, clock } = this.#options;
    const record = reportRecord(machine, report, clock.now());
    if (!record) return;
    const before = (await state.find(AgentReport, report.id))?.spec;
    if (!before || before.number < record.number) {
      // Its order is gone: it was settled, and nobody wants to know.
      if (!(await state.find(AgentOrder, report.id))) return this.settle(report.id);
      await state.set(AgentReport, report.id, { spec: record, labels: { machine } });
    }
    // An agent that was told to restart does so when it hears this.
    if (record.outcome.state !== "running") this.#say({ case: "settle", value: { id: report.id } });
  }

  #beat(intervalMs: number): Disposable {
    const { clock } = this.#options;
    let number = 0n;
    let timer: Disposable;
    let writtenMs = clock.elapsedMs();
    const tick = () => {
      if (clock.elapsedMs() - this.#heardMs > missedPings * intervalMs) return this.#end();
      if (clock.elapsedMs() - writtenMs >= agentBeatMs) {
        writtenMs = clock.elapsedMs();
        this.#stillThere().catch((error: unknown) => {
          this.#options.log(`${this.#options.machine}: ${String(error)}`);
        });
      }
      for (const order of [...this.#held.values()]) this.order(order);
      const ping = ++number;
      this.#why().then(
        (why) => this.#say({ case: "ping", value: { number: ping, why } }),
        (error: unknown) => this.#options.log(`${this.#options.machine}: ${String(error)}`),
      );
      timer = clock.after(intervalMs, tick);
    };
    timer = clock.after(intervalMs, tick);
    return { [Symbol.dispose]: () => timer[Symbol.dispose]() };
  }

  async #stillThere(): Promise<void> {
    const heardAt = this.#options.clock.now();
    await this.#change((spec) => ({ ...spec, heardAt }));
    this.#toldAt = heardAt;
  }

  /** What its screen shows. */
  async #why(): Promise<string> {
    const records = await recordsOf(this.#options.state, this.#options.machine);
    return records ? bootMode(gatherFacts(records)).why : "it is being removed";
  }

  #say(answer: Answer): void {
    if (this.#over) return;
    this.#answers.push(answer);
    this.#wake();
  }

  #end(): void {
    this.#over = true;
    this.#wake();
  }
}
