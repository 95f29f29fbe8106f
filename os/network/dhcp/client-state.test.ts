import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Packet } from "../../../wire/dhcp/packet.ts";
import { type ClientEvent, type ClientState, type Send, type Step, start, step } from "./client-state.ts";

const half = () => 0.5;

function reply(
  to: Send | { transactionId: number },
  options: Packet["options"],
  yourAddress = "192.0.2.50",
): Packet {
  return {
    op: "reply",
    hardwareType: 1,
    hardwareLength: 6,
    hops: 0,
    transactionId: to.transactionId,
    seconds: 0,
    broadcast: false,
    clientAddress: "0.0.0.0",
    yourAddress,
    serverAddress: "0.0.0.0",
    relayAddress: "0.0.0.0",
    mac: "52:54:00:00:00:01",
    serverName: "",
    file: "",
    options,
  };
}

const server = "192.0.2.1";
const offer = { messageType: "offer", serverIdentifier: server } as const;
const ack = {
  messageType: "ack",
  serverIdentifier: server,
  leaseTimeS: 1000,
  subnetMask: "255.255.255.0",
} as const;

/** A client on a clock of its own: wakes it when it wants to be, answers it as told. */
class Story {
  nowMs = 0;
  last: Step = start({ nowMs: 0, random: half });

  get state(): ClientState {
    return this.last.state;
  }

  sleep(): this {
    this.nowMs = this.state.wakeAtMs;
    return this.happen({ type: "woken" });
  }

  hear(options: Packet["options"], yourAddress?: string): this {
    const transactionId = "transactionId" in this.state ? this.state.transactionId : 0;
    return this.happen({ type: "received", packet: reply({ transactionId }, options, yourAddress) });
  }

  happen(event: ClientEvent): this {
    this.last = step(this.state, event, { nowMs: this.nowMs, random: half });
    return this;
  }

  bound(): this {
    return this.hear(offer).hear(ack);
  }
}

describe("a DHCP client", () => {
  test("discovers, requests what was offered, and is bound", () => {
    const story = new Story();
    expect(story.last.send).toMatchObject({ message: "discover", clientAddress: "0.0.0.0", seconds: 0 });
    expect(story.hear(offer).last.send).toMatchObject({
      message: "request",
      requestedAddress: "192.0.2.50",
      serverIdentifier: server,
    });
    expect(story.hear(ack).state).toMatchObject({
      in: "bound",
      wakeAtMs: 500_000,
      lease: { address: "192.0.2.50", prefixLength: 24, rebindAtMs: 875_000, expiresAtMs: 1_000_000 },
    });
    expect(story.last.why).toBe("bound to 192.0.2.50/24 by 192.0.2.1");
  });

  test("asks again after 4, 8, 16, 32, 64 and 64 seconds, saying for how long it has asked", () => {
    const story = new Story();
    const waits = [0, 1, 2, 3, 4, 5].map(() => {
      const before = story.nowMs;
      story.sleep();
      return (story.nowMs - before) / 1000;
    });
    expect(waits).toEqual([4, 8, 16, 32, 64, 64]);
    expect(story.last.send).toMatchObject({ message: "discover", seconds: 188 });
  });

  test("starts over when the server that offered falls silent, and when it refuses", () => {
    expect(new Story().hear(offer).sleep().sleep().sleep().sleep().last.why).toBe(
      "the server that offered does not answer",
    );
    const refused = new Story()
      .hear(offer)
      .hear({ messageType: "nak", serverIdentifier: server, message: "pool is empty" });
    expect(refused.last).toMatchObject({ state: { in: "selecting" }, why: "refused: pool is empty" });
    expect(refused.last.send).toBeUndefined();
    expect(refused.sleep().last.send).toMatchObject({ message: "discover" });
  });

  test("asks its own server for more time at half, any server at seven eighths, and gives up at the end", () => {
    const story = new Story().bound();
    expect(story.sleep()).toMatchObject({
      nowMs: 500_000,
      last: { send: { message: "request", to: server, clientAddress: "192.0.2.50" } },
    });
    while (story.state.in === "renewing") story.sleep();
    expect(story.nowMs).toBe(875_000);
    expect(story.last.send).toMatchObject({ message: "request", clientAddress: "192.0.2.50" });
    expect(story.last.send?.to).toBeUndefined();
    while (story.state.in === "rebinding") story.sleep();
    expect(story).toMatchObject({
      nowMs: 1_000_000,
      state: { in: "selecting" },
      last: { why: "the lease is over" },
    });
  });

  test("has its time again once a server agrees", () => {
    const story = new Story().bound().sleep().hear(ack);
    expect(story.state).toMatchObject({ in: "bound", lease: { expiresAtMs: 1_500_000 } });
  });

  test("a lease for ever is never renewed", () => {
    expect(new Story().hear(offer).hear({ ...ack, leaseTimeS: 0xffffffff }).state.wakeAtMs).toBe(Infinity);
  });

  test.each([
    [
      "an answer to somebody else",
      (story: Story) => story.happen({ type: "received", packet: reply({ transactionId: 1 }, offer) }),
      "not for us",
    ],
    [
      "a proxy's offer without an address",
      (story: Story) => story.hear(offer, "0.0.0.0"),
      "an offer without an address",
    ],
    [
      "an offer without a server",
      (story: Story) => story.hear({ messageType: "offer" }),
      "an offer of nobody",
    ],
    [
      "another server's acknowledgement",
      (story: Story) => story.hear(offer).hear({ ...ack, serverIdentifier: "192.0.2.9" }),
      "another server's answer",
    ],
    [
      "a second server's offer, which it names",
      (story: Story) => story.hear(offer).hear({ ...offer, serverIdentifier: "192.0.2.9" }),
      expect.stringMatching(/^two DHCP servers are on this network: 192\.0\.2\.9 offers .* beside/),
    ],
    [
      "a second server's offer that comes late",
      (story: Story) =>
        story
          .hear(offer)
          .hear(ack)
          .hear({ ...offer, serverIdentifier: "192.0.2.9" }),
      expect.stringMatching(/^two DHCP servers/),
    ],
    [
      "an acknowledgement without a time",
      (story: Story) => story.hear(offer).hear({ messageType: "ack", serverIdentifier: server }),
      "the server did not say for how long (option 51)",
    ],
    [
      "an acknowledgement of nothing",
      (story: Story) => story.hear(offer).hear(ack, "0.0.0.0"),
      "the server acknowledged no address",
    ],
  ])("passes over %s", (_, happen, why) => {
    expect(happen(new Story()).last.why).toEqual(why);
  });

  test.each([
    [
      "classless routes instead of the router",
      { classlessStaticRoutes: [{ destination: "10.0.0.0/8", router: "192.0.2.2" }], routers: ["192.0.2.1"] },
      [{ destination: "10.0.0.0/8", router: "192.0.2.2" }],
    ],
    [
      "the first router as the way to everywhere",
      { routers: ["192.0.2.1", "192.0.2.3"] },
      [{ destination: "0.0.0.0/0", router: "192.0.2.1" }],
    ],
    ["no router", {}, []],
  ])("takes %s", (_, options, routes) => {
    expect(new Story().hear(offer).hear({ ...ack, ...options }).state).toMatchObject({ lease: { routes } });
  });

  test("whatever servers say and whenever it is woken, it always wants to be woken again, and never before now", () => {
    const options = fc.record({
      messageType: fc.constantFrom("offer", "ack", "nak", "discover"),
      serverIdentifier: fc.constantFrom(server, "192.0.2.9"),
      leaseTimeS: fc.integer({ min: 0, max: 0xffffffff }),
      renewalTimeS: fc.integer({ min: 0, max: 0xffffffff }),
    });
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constant("sleep" as const), options), {
          minLength: 1,
          maxLength: 60,
          size: "max",
        }),
        (events) => {
          const story = new Story();
          for (const event of events) {
            if (event === "sleep") {
              if (story.state.wakeAtMs !== Infinity) story.sleep();
            } else {
              story.hear(event);
            }
            expect(story.state.wakeAtMs).toBeGreaterThanOrEqual(story.nowMs);
          }
        },
      ),
    );
  });
});
