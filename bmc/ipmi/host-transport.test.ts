import { describe, expect, test } from "vitest";
import { manualClock } from "../manual-clock.ts";
import type { RawResponse } from "./command.ts";
import { type HostDevice, hostTransport } from "./host-transport.ts";

function pausedDevice() {
  const listeners = new Set<(id: number, response: RawResponse) => void>();
  const sent: number[] = [];
  let closed = false;
  const device: HostDevice = {
    path: "/dev/ipmi0",
    send: (id) => void sent.push(id),
    listen(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
    [Symbol.dispose]: () => (closed = true),
  };
  const answer = (id: number, ...data: number[]) => {
    for (const listener of [...listeners]) listener(id, { completion: 0, data: Uint8Array.from(data) });
  };
  return { device, sent, answer, isClosed: () => closed };
}

const request = { netFn: 6, lun: 0, code: 1, data: new Uint8Array() };
/** Lets everything that waits for nothing but promises go on. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve));

describe("the machine's own way to its BMC", () => {
  test("has one command under way at a time, and pairs answers by their number", async () => {
    const { device, sent, answer } = pausedDevice();
    const bmc = hostTransport({ device, clock: manualClock() });
    const [first, second] = [bmc.exchange(request), bmc.exchange(request)];
    await settle();
    expect(sent).toEqual([1]);
    answer(7, 70);
    answer(1, 10);
    expect((await first).data).toEqual(Uint8Array.of(10));
    await settle();
    expect(sent).toEqual([1, 2]);
    answer(2, 20);
    expect((await second).data).toEqual(Uint8Array.of(20));
  });

  test("gives up a BMC that hangs, and hears no answer that comes later", async () => {
    const { device, sent, answer } = pausedDevice();
    const clock = manualClock();
    const bmc = hostTransport({ device, clock });
    const lost = bmc.exchange(request);
    const failure = expect(lost).rejects.toThrow(
      "Cannot run command 0x6/0x1: the BMC behind /dev/ipmi0 did not answer in 40.0 s",
    );
    await settle();
    clock.advance(40_000);
    await failure;
    const next = bmc.exchange(request);
    await settle();
    expect(sent).toEqual([1, 2]);
    answer(1, 10);
    answer(2, 20);
    expect((await next).data).toEqual(Uint8Array.of(20));
  });

  test("stops at the signal, with its reason", async () => {
    const { device } = pausedDevice();
    const abort = new AbortController();
    const bmc = hostTransport({ device, clock: manualClock(), signal: abort.signal });
    const stopped = expect(bmc.exchange(request)).rejects.toThrow("the order was cancelled");
    await settle();
    abort.abort(new Error("the order was cancelled"));
    await stopped;
  });

  test("tells what the driver says when it takes no command", async () => {
    const { device } = pausedDevice();
    const failing = {
      ...device,
      send() {
        throw new Error("Cannot send a command by /dev/ipmi0: ENODEV");
      },
    };
    await expect(hostTransport({ device: failing, clock: manualClock() }).exchange(request)).rejects.toThrow(
      "ENODEV",
    );
  });

  test("closes the device with itself", async () => {
    const { device, isClosed } = pausedDevice();
    await hostTransport({ device, clock: manualClock() })[Symbol.asyncDispose]();
    expect(isClosed()).toBe(true);
  });
});
