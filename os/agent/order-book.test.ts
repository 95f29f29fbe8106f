import { create, type MessageInitShape } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { OrderSchema } from "../../api/gen/ingot/agent/v1/orders_pb.js";
import { OrderBook } from "./order-book.ts";

type What = MessageInitShape<typeof OrderSchema>["what"];
const wipe: What = { case: "wipe", value: { wipeId: 1n } };
const identify: What = { case: "identify", value: {} };
const order = (id: string, what: What = wipe, kernelBootId = "boot") =>
  create(OrderSchema, { id, kernelBootId, what });
const book = () => new OrderBook({ kernelBootId: "boot", now: () => new Date(0) });

describe("the order book", () => {
  test("begins an order once, however often it comes", () => {
    const orders = book();
    expect(orders.receive(order("a"))).toEqual({ do: "begin" });
    expect(orders.receive(order("a"))).toMatchObject({
      do: "answer",
      report: { id: "a", number: 1n, state: { case: "running" } },
    });
    orders.advance("a", { case: "succeeded", value: {} });
    orders.settle("a");
    expect(orders.unsettled()).toEqual([]);
    expect(orders.receive(order("a"))).toMatchObject({
      do: "answer",
      report: { number: 2n, state: { case: "succeeded" } },
    });
  });

  test.each([
    ["of another boot", order("b", wipe, "yesterday"), "another boot"],
    ["of a kind it does not know", order("b", { case: undefined }), "does not know such an order"],
    ["that another is in the way of", order("b", { case: "reboot", value: {} }), "order a (wipe) is being"],
  ])("refuses an order %s", (_, refused, why) => {
    const orders = book();
    orders.receive(order("a"));
    expect(orders.receive(refused)).toMatchObject({
      report: { state: { case: "refused", value: { why: expect.stringContaining(why) } } },
    });
    expect(orders.unsettled()).toHaveLength(2);
  });

  test("lets what disturbs nobody go on beside a wipe", () => {
    const orders = book();
    orders.receive(order("a"));
    expect(orders.receive(order("b", identify))).toEqual({ do: "begin" });
  });

  test("never begins what was cancelled before it arrived", () => {
    const orders = book();
    expect(orders.cancelUnknown("a")).toMatchObject({ id: "a", state: { case: "refused" } });
    expect(orders.cancelUnknown("a")).toBeUndefined();
    expect(orders.receive(order("a"))).toMatchObject({ do: "answer" });
  });

  test("says nothing after an outcome, and settles no order that runs", () => {
    const orders = book();
    orders.receive(order("a"));
    orders.settle("a");
    expect(orders.unsettled()).toHaveLength(1);
    expect(orders.advance("a", { case: "failed", value: { why: "x" } })).toMatchObject({ number: 2n });
    expect(orders.advance("a", { case: "succeeded", value: {} })).toBeUndefined();
    expect(orders.advance("unknown", { case: "succeeded", value: {} })).toBeUndefined();
  });

  test("counts every order's reports up, and begins none twice, whatever happens", () => {
    const id = fc.constantFrom("a", "b", "c");
    const event = fc.oneof(
      fc.record({ do: fc.constant("receive" as const), id }),
      fc.record({ do: fc.constant("cancel" as const), id }),
      fc.record({ do: fc.constant("settle" as const), id }),
      fc.record({ do: fc.constant("progress" as const), id }),
      fc.record({ do: fc.constant("succeed" as const), id }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60, size: "max" }), (events) => {
        const orders = book();
        const begun = new Map<string, number>();
        const numbers = new Map<string, bigint>();
        for (const it of events) {
          const receipt = it.do === "receive" ? orders.receive(order(it.id)) : undefined;
          if (receipt?.do === "begin") begun.set(it.id, (begun.get(it.id) ?? 0) + 1);
          if (it.do === "cancel") orders.cancelUnknown(it.id);
          if (it.do === "settle") orders.settle(it.id);
          const report =
            it.do === "progress"
              ? orders.advance(it.id, { case: "running", value: {} })
              : it.do === "succeed"
                ? orders.advance(it.id, { case: "succeeded", value: {} })
                : undefined;
          if (!report) continue;
          expect(report.number).toBeGreaterThan(numbers.get(it.id) ?? 0n);
          numbers.set(it.id, report.number);
        }
        expect([...begun.values()].every((times) => times === 1)).toBe(true);
      }),
    );
  });
});
