import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, test } from "vitest";
import { type OrderReport, OrderSchema, TestResultSchema } from "../../api/gen/ingot/agent/v1/orders_pb.js";
import { VirtualClock } from "../../cosi/virtual-clock.ts";
import { OrderBook } from "./order-book.ts";
import { type Executors, OrderRunner, type Outcome } from "./order-runner.ts";

type Order = MessageInitShape<typeof OrderSchema>;
const impossible = (): Promise<Outcome> => Promise.reject(new Error("Cannot do that: not here"));

function bench(executors: Partial<Executors>) {
  const clock = new VirtualClock();
  const reports: OrderReport[] = [];
  const runner = new OrderRunner({
    book: new OrderBook({ kernelBootId: "boot", now: () => clock.now() }),
    clock,
    reported: (report) => reports.push(report),
    executors: {
      wipe: impossible,
      bmcAccount: impossible,
      reboot: impossible,
      powerOff: impossible,
      identify: impossible,
      test: impossible,
      ...executors,
    },
  });
  const receive = (order: Partial<Pick<Order, "what" | "why" | "deadline">>) =>
    runner.receive(
      create(OrderSchema, { id: "a", kernelBootId: "boot", what: { case: "identify", value: {} }, ...order }),
    );
  return { clock, runner, receive, reports, last: () => reports.at(-1)?.state };
}

/** Runs until its signal aborts; then ends with that outcome. */
const untilStopped =
  (outcome: Outcome) =>
  (_: unknown, { signal }: { signal: AbortSignal }) =>
    new Promise<Outcome>((resolve) => {
      signal.addEventListener("abort", () => resolve(outcome));
    });

describe("an order that is carried out", () => {
  test("tells that it began, its progress, and its outcome", async () => {
    const { receive, reports, clock } = bench({
      identify: async (_, { progress }) => {
        progress({ doing: "lighting the lamp" });
        return { is: "succeeded" };
      },
    });
    receive({ why: "somebody looks for it" });
    await clock.advance(0);
    expect(reports.map(({ number, state }) => [number, state.case, state.value])).toMatchObject([
      [2n, "running", { doing: "somebody looks for it" }],
      [3n, "running", { doing: "lighting the lamp" }],
      [4n, "succeeded", {}],
    ]);
  });

  test("that throws has failed, with the reason", async () => {
    const { receive, last, clock } = bench({});
    receive({});
    await clock.advance(0);
    expect(last()).toMatchObject({ case: "failed", value: { why: "Cannot do that: not here" } });
  });

  test("is stopped at its deadline", async () => {
    const { receive, last, clock } = bench({
      identify: untilStopped({ is: "failed", why: "stopped between two disks" }),
    });
    receive({ deadline: durationFromMs(5_000) });
    await clock.advance(4_999);
    expect(last()).toMatchObject({ case: "running" });
    await clock.advance(1);
    expect(last()).toMatchObject({
      case: "failed",
      value: { why: "it was not done within 5 s: stopped between two disks" },
    });
  });

  test("that hangs is given up half a minute after it was told to stop", async () => {
    const { receive, runner, last, clock } = bench({ identify: () => new Promise(() => {}) });
    receive({});
    runner.cancel("a");
    await clock.advance(29_999);
    expect(last()).toMatchObject({ case: "running" });
    await clock.advance(1);
    expect(last()).toMatchObject({ case: "cancelled", value: { why: expect.stringContaining("hangs") } });
  });

  test("is cancelled with what it had done", async () => {
    const value = create(TestResultSchema, { findings: [{ name: "passes", value: "1" }] });
    const result = { case: "test", value } as const;
    const { receive, runner, last, clock } = bench({
      identify: untilStopped({ is: "failed", why: "the provisioner cancelled it", result }),
    });
    receive({});
    runner.cancel("a");
    await clock.advance(0);
    expect(last()).toMatchObject({
      case: "cancelled",
      value: { why: "the provisioner cancelled it", result: { case: "test" } },
    });
  });

  test("that was done before it heard of its cancellation has succeeded", async () => {
    const { receive, runner, last, clock } = bench({ identify: untilStopped({ is: "succeeded" }) });
    receive({});
    runner.cancel("a");
    await clock.advance(0);
    expect(last()).toMatchObject({ case: "succeeded" });
  });

  test.each([
    ["the provisioner has stored its outcome", async (it: ReturnType<typeof bench>) => it.runner.settle("a")],
    ["ten seconds later without it", (it: ReturnType<typeof bench>) => it.clock.advance(10_000)],
  ])("reboots when %s, once", async (_, then) => {
    let reboots = 0;
    const it = bench({ reboot: async () => ({ is: "succeeded", afterwards: () => reboots++ }) });
    it.receive({ what: { case: "reboot", value: {} } });
    await it.clock.advance(0);
    expect(it.last()).toMatchObject({ case: "succeeded" });
    expect(reboots).toBe(0);
    await then(it);
    await it.clock.advance(60_000);
    expect(reboots).toBe(1);
  });
});
