import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { z } from "zod";
import { parseConfig, pxeConfig } from "./config.ts";

const segment = { interface: "eth0", address: "192.0.2.1" };
const full = (subnet: object) => ({
  segments: [{ ...segment, dhcp: { mode: "full", subnets: [{ subnet: "192.0.2.0/24", ...subnet }] } }],
});
const read = (config: object) => parseConfig(JSON.stringify(config), "boot.yaml");

test("a segment alone is a proxy with everything else as usual", () => {
  expect(parseConfig("segments:\n- interface: eth0\n  address: 192.0.2.1\n", "boot.yaml")).toMatchObject({
    segments: [{ interface: "eth0", address: "192.0.2.1", dhcp: { mode: "proxy" } }],
    http: { port: 8080 },
    tftp: { port: 69, singlePort: false },
    rules: [],
  });
});

test("docs/boot.yaml has every word there is", async () => {
  const text = await readFile(join(import.meta.dirname, "../docs/boot.yaml"), "utf8");
  const { rules } = parseConfig(text, "docs/boot.yaml");
  expect(rules.map(({ name }) => name)).toContain("stock Talos, from its makers' image factory");
  const missing = [...wordsOf(z.toJSONSchema(pxeConfig, { io: "input", unrepresentable: "any" }))].filter(
    (word) => !new RegExp(`\\b${word}:`).test(text),
  );
  expect(missing).toEqual([]);
});

/** The names of all properties, at any depth. */
function* wordsOf(schema: unknown): Generator<string> {
  if (typeof schema !== "object" || schema === null) return;
  for (const [key, value] of Object.entries(schema)) {
    if (key === "properties") yield* Object.keys(value as object);
    yield* wordsOf(value);
  }
}

describe("is refused, and why:", () => {
  test.each([
    ["no segment", { segments: [] }, "segments"],
    ["an unknown word", { segments: [segment], segmnts: [] }, 'Unrecognized key: "segmnts"'],
    [
      "an interface that is a path",
      { segments: [{ ...segment, interface: "../x" }] },
      "segments[0].interface",
    ],
    [
      "an address that is none",
      { segments: [{ ...segment, address: "192.0.2.256" }] },
      "segments[0].address",
    ],
    [
      "a pool outside of its subnet",
      full({ pool: ["192.0.3.1", "192.0.3.9"] }),
      "not a range of addresses of its subnet",
    ],
    [
      "a pool backwards",
      full({ pool: ["192.0.2.9", "192.0.2.1"] }),
      "not a range of addresses of its subnet",
    ],
    ["a pool with the broadcast address", full({ pool: ["192.0.2.9", "192.0.2.255"] }), "not a range"],
    [
      "a reservation's MAC that is none",
      full({ reservations: [{ mac: "52:54", address: "192.0.2.9" }] }),
      "not a MAC address",
    ],
    [
      "a host name with a blank",
      full({ reservations: [{ mac: "52:54:00:00:00:01", address: "192.0.2.9", hostName: "a b" }] }),
      "hostName",
    ],
    [
      "a reservation of another subnet",
      full({ reservations: [{ mac: "52:54:00:00:00:01", address: "192.0.3.9" }] }),
      "not an address of a host of its subnet",
    ],
    [
      "a reservation for nobody",
      full({ reservations: [{ address: "192.0.2.9", hostName: "a" }] }),
      "it names no machine",
    ],
    [
      "an address reserved twice",
      full({
        reservations: [
          { mac: "52:54:00:00:00:01", address: "192.0.2.9" },
          { serial: "B5RMMM1", address: "192.0.2.9" },
        ],
      }),
      "reserved twice",
    ],
    ["an interface twice", { segments: [segment, segment] }, "an interface is in it twice"],
    ["a lease too short to boot", full({ netbootLeaseS: 5 }), "netbootLeaseS"],
    ["an option nobody knows", full({ options: { bootFile: "x" } }), "no option has this name"],
    [
      "a kernel argument that is two",
      { segments: [segment], rules: [{ name: "r", boot: { kernel: "k", args: ["a=b c"] } }] },
      "has a blank",
    ],
    [
      "a file:// address",
      { segments: [segment], rules: [{ name: "r", boot: { url: "file:///etc/shadow" } }] },
      "only http, https and tftp",
    ],
    [
      "an address with a variable that iPXE is not asked for",
      { segments: [segment], rules: [{ name: "r", boot: { url: "http://x/${password}" } }] },
      "not a single plain word",
    ],
    [
      "more kernel arguments than a kernel reads",
      { segments: [segment], rules: [{ name: "r", boot: { kernel: "k", args: [`a=${"x".repeat(2046)}`] } }] },
      "a kernel reads 2047",
    ],
  ])("%s", (_, config, why) => {
    expect(() => read(config)).toThrow(why);
  });
});
