import { describe, expect, test } from "vitest";
import { type ListenWish, networksOf, planListening } from "./listening.ts";

const nearby = [
  { interface: "lo", address: "127.0.0.1", cidr: "127.0.0.1/8" },
  { interface: "eth1", address: "10.1.0.1", cidr: "10.1.0.1/24" },
  { interface: "eth2", address: "10.2.0.1", cidr: "10.2.0.1/24" },
];
const plan = (wish: Partial<ListenWish>) => planListening({ addresses: [], listen: [], ...wish }, nearby);
const at = (host: string, port = 8444) => ({ host, port });

describe("a provisioner listens", () => {
  test.each<[what: string, wish: Partial<ListenWish>, places: readonly object[]]>([
    ["to its own host alone, unless asked", {}, [at("127.0.0.1")]],
    ["on the networks it serves", { addresses: ["10.1.0.1", "10.2.0.1"] }, [at("10.1.0.1"), at("10.2.0.1")]],
    ["once on an address of two networks", { addresses: ["10.1.0.1", "10.1.0.1"] }, [at("10.1.0.1")]],
    [
      "where it was told, and nowhere else",
      { addresses: ["10.1.0.1"], listen: [at("10.2.0.1", 1)] },
      [at("10.2.0.1", 1)],
    ],
    ["everywhere when told so", { listen: [at("0.0.0.0")], announce: "ingot.example" }, [at("0.0.0.0")]],
  ])("%s", (_, wish, places) => {
    expect(plan(wish).places).toEqual(places);
  });
});

describe("a machine dials", () => {
  const both: Partial<ListenWish> = { addresses: ["10.1.0.1", "10.2.0.1"] };
  test.each<[what: string, wish: Partial<ListenWish>, from: string, host: string]>([
    ["our address on its network", both, "10.2.0.77", "10.2.0.1"],
    ["the first, behind a router", both, "192.0.2.1", "10.1.0.1"],
    ["the first, when its address is unknown", both, "", "10.1.0.1"],
    [
      "what we announce, wherever it is",
      { ...both, announce: "ingot.example" },
      "10.2.0.77",
      "ingot.example",
    ],
    [
      "our address on its network, where we listen everywhere",
      { ...both, listen: [at("0.0.0.0")] },
      "10.2.0.77",
      "10.2.0.1",
    ],
  ])("%s", (_, wish, from, host) => {
    expect(plan(wish).hostFor(from)).toBe(host);
  });

  test("nobody, where we listen everywhere and have no name", () => {
    expect(() => plan({ listen: [at("0.0.0.0")] })).toThrow("give --announce");
  });
});

test("a network that is not there is named, with those that are", () => {
  expect(networksOf(["eth2"], nearby)).toEqual([nearby[2]]);
  expect(() => networksOf(["eth9"], nearby)).toThrow(
    "Cannot serve eth9: no interface of that name has an IPv4 address; those that do: lo, eth1, eth2",
  );
});
