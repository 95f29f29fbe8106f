// Every order of this boot, so that none is begun twice: neither when a connection breaks before its answer arrived,
// nor when the provisioner restarts and has forgotten that it asked.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { type Order, type OrderReport, OrderReportSchema } from "../../api/gen/ingot/agent/v1/orders_pb.js";

export type OrderState = NonNullable<MessageInitShape<typeof OrderReportSchema>["state"]>;
export type OrderKind = NonNullable<Order["what"]["case"]>;

interface Entry {
  readonly kind: OrderKind | undefined;
  report: OrderReport;
  settled: boolean;
}

/** Orders that turn the machine upside down, one at a time; the others disturb nobody. */
const alone: ReadonlySet<OrderKind> = new Set(["wipe", "reboot", "powerOff", "test"]);

export type Receipt =
  /** Begin it; whatever happens next is told to the book. */
  | { readonly do: "begin" }
  /** It is known, or never to be begun: this is how it stands. */
  | { readonly do: "answer"; readonly report: OrderReport };

export class OrderBook {
  readonly #entries = new Map<string, Entry>();
  readonly #kernelBootId: string;
  readonly #now: () => Date;

  constructor({ kernelBootId, now }: { readonly kernelBootId: string; readonly now: () => Date }) {
    this.#kernelBootId = kernelBootId;
    this.#now = now;
  }

  receive({ id, kernelBootId, what }: Order): Receipt {
    const known = this.#entries.get(id);
    if (known) return { do: "answer", report: known.report };
    const obstacle = this.#obstacle(kernelBootId, what.case);
    const state: OrderState = obstacle
      ? { case: "refused", value: { why: obstacle } }
      : { case: "running", value: { doing: "beginning" } };
    const report = this.#write(id, 1n, state);
    this.#entries.set(id, { kind: what.case, report, settled: false });
    return obstacle === undefined ? { do: "begin" } : { do: "answer", report };
  }

  /** An order that never arrived is cancelled all the same: should it still arrive, it is not begun. */
  cancelUnknown(id: string): OrderReport | undefined {
    if (this.#entries.has(id)) return undefined;
    const report = this.#write(id, 1n, {
      case: "refused",
      value: { why: "it was cancelled before it arrived" },
    });
    this.#entries.set(id, { kind: undefined, report, settled: false });
    return report;
  }

  /** What has become of an order that was begun. Nothing follows an outcome. */
  advance(id: string, state: OrderState): OrderReport | undefined {
    const entry = this.#entries.get(id);
    if (entry?.report.state.case !== "running") return undefined;
    entry.report = this.#write(id, entry.report.number + 1n, state);
    return entry.report;
  }

  /** The provisioner has stored its outcome. It stays known, so that it is not begun should it come again. */
  settle(id: string): void {
    const entry = this.#entries.get(id);
    if (entry && entry.report.state.case !== "running") entry.settled = true;
  }

  isSettled(id: string): boolean {
    return this.#entries.get(id)?.settled ?? false;
  }

  /** What a hello tells. */
  unsettled(): readonly OrderReport[] {
    return [...this.#entries.values()].filter(({ settled }) => !settled).map(({ report }) => report);
  }

  #obstacle(kernelBootId: string, kind: OrderKind | undefined): string | undefined {
    if (kernelBootId !== this.#kernelBootId) return "it was meant for another boot of this machine";
    if (kind === undefined) return "this version of the agent does not know such an order";
    if (!alone.has(kind)) return undefined;
    for (const [id, entry] of this.#entries) {
      if (entry.report.state.case === "running" && entry.kind !== undefined && alone.has(entry.kind))
        return `order ${id} (${entry.kind}) is being carried out`;
    }
    return undefined;
  }

  #write(id: string, number: bigint, state: OrderState): OrderReport {
    return create(OrderReportSchema, { id, number, at: timestampFromDate(this.#now()), state });
  }
}
