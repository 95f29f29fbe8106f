import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import type { AgentService } from "../../api/gen/ingot/agent/v1/agent_pb.js";
import type { Client } from "../../api/grpc/client.ts";
import { type Clock, sleep } from "../../cosi/clock.ts";
import type { InventorySource } from "./inventory-source.ts";
import { type LogSource, sendLogs } from "./log-stream.ts";
import type { Outbox } from "./outbox.ts";

const inventoryEveryMs = 30_000;

interface Session {
  readonly clock: Clock;
  readonly inventory: InventorySource;
  readonly logs: LogSource;
  readonly said: (level: "warn", text: string) => void;
  readonly calls: Client<typeof AgentService>;
  readonly outbox: Outbox;
  /** Aborts with the session. */
  readonly over: AbortSignal;
}

/** What goes on beside a session's stream for as long as it lasts: the inventory, the logs, a renewal. */
export class SessionAttendants {
  readonly #session: Session;
  readonly #running = new Set<Promise<void>>();
  readonly #gaps = new Set<string>();
  #logs: AbortController | undefined;

  constructor(session: Session) {
    this.#session = session;
  }

  own(work: Promise<unknown>, what: string): void {
    const owned = work.then(
      () => undefined,
      (error: unknown) => {
        if (!this.#session.over.aborted)
          this.#session.said("warn", `${what}: ${error instanceof Error ? error.message : String(error)}`);
      },
    );
    this.#running.add(owned);
    void owned.then(() => this.#running.delete(owned));
  }

  async ended(): Promise<void> {
    await Promise.all(this.#running);
  }

  /** Whole at first, and whole again whenever something has changed. */
  keepInventory(): void {
    this.own(this.#inventories(), "Cannot take the inventory");
  }

  /** What the newest wish says; a wish for nothing stops them. */
  followLogs(wish: {
    readonly kernel: boolean;
    readonly services: readonly string[];
    readonly all: boolean;
  }): void {
    this.#logs?.abort(new Error("another wish came"));
    const wanted = (source: string) =>
      wish.all || (source === "kernel" ? wish.kernel : wish.services.includes(source));
    if (!wish.all && !wish.kernel && wish.services.length === 0) return;
    this.#logs = new AbortController();
    const signal = AbortSignal.any([this.#session.over, this.#logs.signal]);
    this.own(
      sendLogs(this.#session.calls, this.#session.logs, { wanted, signal }).catch((error: unknown) => {
        if (!signal.aborted) throw error;
      }),
      "Cannot send the logs",
    );
  }

  /** What cannot be looked at is told once, here too: a disk that hangs is seen by whoever stands in front of it. */
  #sayGaps(gaps: readonly string[]): void {
    for (const gap of gaps) {
      if (!this.#gaps.has(gap)) this.#session.said("warn", `Cannot tell all of this machine: ${gap}`);
      this.#gaps.add(gap);
    }
  }

  async #inventories(): Promise<void> {
    const { inventory, clock } = this.#session;
    let before = "";
    while (!this.#session.over.aborted) {
      const now = await inventory.read(this.#session.over);
      const fingerprint = JSON.stringify(now, (_, value: unknown) =>
        typeof value === "bigint" ? String(value) : value,
      );
      if (fingerprint !== before) {
        before = fingerprint;
        this.#sayGaps(now.gaps ?? []);
        this.#session.outbox.post({
          case: "inventory",
          value: { ...now, at: timestampFromDate(clock.now()) },
        });
      }
      await Promise.race([
        sleep(clock, inventoryEveryMs, this.#session.over),
        inventory.changed(this.#session.over),
      ]).catch(() => undefined);
    }
  }
}
