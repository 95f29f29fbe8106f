import { expect, test } from "vitest";
import { answerSolicitations, type SolicitationSocket } from "./router-answers.ts";
import { noRouter, solicitorOf } from "./router-discovery.ts";

const hex = (text: string) => Uint8Array.from(Buffer.from(text.replaceAll(" ", ""), "hex"));
const solicitation = hex("85 00 1c7c 00000000 0101 525400000401");

test.each([
  ["a solicitation", solicitation, "52:54:00:00:04:01"],
  [
    "one with an option before",
    hex("85 00 0000 00000000 0e01 000000000000 0101 525400000401"),
    "52:54:00:00:04:01",
  ],
  ["one of a host without an address", hex("85 00 0000 00000000"), undefined],
  ["an option of no length", hex("85 00 0000 00000000 0100 525400000401"), undefined],
  ["a torn option", hex("85 00 0000 00000000 0101 5254"), undefined],
  ["an advertisement", hex("86 00 0000 00000000 0101 525400000401"), undefined],
  ["nothing", hex(""), undefined],
])("%s names its sender, or nobody", (_, packet, mac) => {
  expect(solicitorOf(packet)).toBe(mac);
});

test("the answer promises nothing: no router, no prefix, no DHCPv6", () => {
  expect(Buffer.from(noRouter).toString("hex")).toBe("86000000000000000000000000000000");
});

const clockOf = (calls: (() => void)[]) => ({
  now: () => 0,
  every: (_: number, call: () => void) => {
    calls.push(call);
    return { [Symbol.dispose]: () => calls.splice(0) };
  },
  sleep: async () => {},
});

test("only booting machines are answered, each where it asked from", () => {
  const waiting = [
    { packet: solicitation, from: hex("01") },
    { packet: hex("85 00 0000 00000000 0101 5254000000ff"), from: hex("02") },
  ];
  const sent: (readonly [Uint8Array, Uint8Array])[] = [];
  const socket: SolicitationSocket = {
    receive: () => waiting.shift(),
    send: (packet, to) => sent.push([packet, to]),
    [Symbol.dispose]: () => {},
  };
  const calls: (() => void)[] = [];
  const answers = answerSolicitations({
    device: "eth0",
    clock: clockOf(calls),
    openSocket: () => socket,
    isBooting: (mac) => mac === "52:54:00:00:04:01",
    onWarning: () => {},
  });
  for (const call of calls) call();
  expect(sent).toEqual([[noRouter, hex("01")]]);
  answers[Symbol.dispose]();
  expect(calls).toEqual([]);
});

test("a host that has no IPv6 is told so once, and serves", () => {
  const warnings: string[] = [];
  const answers = answerSolicitations({
    device: "eth0",
    clock: clockOf([]),
    openSocket: () => {
      throw new Error("no IPv6");
    },
    isBooting: () => true,
    onWarning: (text) => warnings.push(text),
  });
  answers[Symbol.dispose]();
  expect(warnings).toEqual([
    "router solicitations on eth0 stay unanswered, iPXE in ROM waits for 13 s: no IPv6",
  ]);
});
