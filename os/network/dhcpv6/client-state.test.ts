import { describe, expect, test } from "vitest";
import { decode, encode } from "../../../wire/codec.ts";
import { type Dhcpv6Message, dhcpv6Message } from "../../../wire/dhcpv6/message.ts";
import { type Step6, start6, step6 } from "./client-state.ts";

const random = () => 0.5;
const at = (nowMs: number) => ({ nowMs, random });
const serverId = Uint8Array.of(0, 1);
const iaAddress = { address: "fd00::10", preferredSeconds: 1_000, validSeconds: 2_000, options: {} };

/** What a server says to the last question, on the wire and back. */
function answer({ send }: Step6, type: Dhcpv6Message["type"], rest: Partial<Dhcpv6Message["options"]> = {}) {
  const iaNa = { id: 1, renewSeconds: 0, rebindSeconds: 0, options: { iaAddress } };
  const options = { clientId: Uint8Array.of(9), serverId, iaNa, dnsServers: ["fd00::53"], ...rest };
  const message = { type, transactionId: send!.transactionId, options };
  return { type: "received", message: decode(dhcpv6Message, encode(dhcpv6Message, message)) } as const;
}

const woken = { type: "woken" } as const;
const bind = (nowMs = 0) => {
  const asked = start6(at(nowMs));
  const offered = step6(asked.state, answer(asked, "advertise"), at(nowMs));
  return step6(offered.state, answer(offered, "reply"), at(nowMs));
};

describe("a DHCPv6 client", () => {
  test("asks all servers, one for its offer, and is bound", () => {
    const asked = start6(at(0));
    expect(asked.send).toMatchObject({ type: "solicit", elapsedMs: 0 });
    const offered = step6(asked.state, answer(asked, "advertise"), at(100));
    expect(offered.send).toMatchObject({ type: "request", address: "fd00::10", serverId });
    const bound = step6(offered.state, answer(offered, "reply"), at(200));
    expect(bound).toMatchObject({ why: "bound to fd00::10", state: { in: "bound", wakeAtMs: 500_200 } });
    expect(bound.send).toBeUndefined();
  });

  test("waits twice as long each time, and says how long it has waited", () => {
    let last = start6(at(0));
    const waits: number[] = [];
    for (let count = 0; count < 13; count += 1) {
      const nowMs = last.state.wakeAtMs;
      last = step6(last.state, woken, at(nowMs));
      waits.push((last.state.wakeAtMs - nowMs) / 1000);
      expect(last.send).toMatchObject({ type: "solicit", elapsedMs: nowMs });
    }
    expect(waits).toEqual([2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 3600, 3600]);
  });

  test("begins anew when the server that offered does not answer", () => {
    const asked = start6(at(0));
    let last = step6(asked.state, answer(asked, "advertise"), at(0));
    for (let count = 1; count < 10; count += 1) {
      last = step6(last.state, woken, at(last.state.wakeAtMs));
      expect(last.send?.type).toBe("request");
    }
    expect(step6(last.state, woken, at(last.state.wakeAtMs)).send?.type).toBe("solicit");
  });

  test("asks its server for more time, then any, then begins anew", () => {
    let last = bind();
    const sent: string[] = [];
    for (;;) {
      const nowMs = last.state.wakeAtMs;
      last = step6(last.state, woken, at(nowMs));
      const { type, serverId: to } = last.send!;
      sent.push(`${Math.round(nowMs / 1000)} ${type}${to ? " its server" : ""}`);
      if (type === "solicit") break;
    }
    expect(sent).toEqual([
      ...["500 renew its server", "510 renew its server", "530 renew its server", "570 renew its server"],
      ...["650 renew its server", "800 rebind", "810 rebind", "830 rebind", "870 rebind", "950 rebind"],
      ...["1110 rebind", "1430 rebind", "2000 solicit"],
    ]);
  });

  test("goes on with what it is given anew", () => {
    const asking = step6(bind().state, woken, at(500_000));
    const longer = step6(asking.state, answer(asking, "reply"), at(500_100));
    expect(longer.state).toMatchObject({ in: "bound", lease: { expiresAtMs: 2_500_100 } });
  });

  test.each<[string, Partial<Dhcpv6Message["options"]>, string]>([
    ["no address", { iaNa: undefined }, "an answer without an address"],
    ["no name", { serverId: undefined }, "an answer that does not say whose it is"],
    ["a refusal", { statusCode: { code: 2, message: "none left" } }, "refused with status 2: none left"],
  ])("passes over an offer with %s", (_, rest, why) => {
    const asked = start6(at(0));
    expect(step6(asked.state, answer(asked, "advertise", rest), at(1))).toEqual({ state: asked.state, why });
  });

  test("does not hear answers to others, nor what is no answer", () => {
    const asked = start6(at(0));
    const other = answer({ ...asked, send: { ...asked.send!, transactionId: 7 } }, "advertise");
    expect(step6(asked.state, other, at(1)).state).toBe(asked.state);
    expect(step6(asked.state, answer(asked, "reply"), at(1)).state).toBe(asked.state);
  });
});
