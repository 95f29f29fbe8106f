import { spawnSync } from "node:child_process";
import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { decode } from "../../../wire/codec.ts";
import { WireError } from "../../../wire/error.ts";
import { address } from "./address.ts";
import { link } from "./link.ts";
import { datagram } from "./message.ts";
import { route } from "./route.ts";

/** Runs a script in a network namespace of its own, where it is root; returns what it printed as JSON. */
function inNamespace(script: string): unknown {
  const prelude = `
    import { execFileSync } from "node:child_process";
    import { familyNamed } from "./generic.ts";
    import { Rtnetlink } from "./rtnetlink.ts";
    import { address, addressMessages, families } from "./address.ts";
    import { link, linkFlags, linkMessages } from "./link.ts";
    import { route, routeMessages } from "./route.ts";
    import { decode } from "../../../wire/codec.ts";
    const ip = (...args) => execFileSync("ip", args, { encoding: "utf8" });
    const noLink = { family: 0, hardware: 0, index: 0, flags: 0, change: 0, attributes: {} };
    const say = (value) => console.log(JSON.stringify(value));`;
  const { stdout, stderr } = spawnSync(
    "unshare",
    [
      "--user",
      "--map-root-user",
      "--net",
      process.execPath,
      "--input-type=module",
      "--eval",
      prelude + script,
    ],
    { encoding: "utf8", cwd: import.meta.dirname, timeout: 25_000, killSignal: "SIGKILL" },
  );
  expect(stderr).toBe("");
  return JSON.parse(stdout);
}

describe("the kernel's network configuration, with iproute2 as the judge", () => {
  test("links are listed as ip lists them", () => {
    expect(
      inNamespace(`
        ip("link", "add", "left", "address", "02:00:00:00:00:01", "mtu", "1400", "type", "veth", "peer", "name", "right");
        using kernel = new Rtnetlink();
        const links = await kernel.dump("list links", linkMessages.get, link, noLink);
        say(links.map(({ attributes: { name, mtu, address, operationalState } }) =>
          [name, mtu, Buffer.from(address).toString("hex"), operationalState]));`),
    ).toEqual([
      ["lo", 65536, "000000000000", "down"],
      ["right", 1500, expect.stringMatching(/^[0-9a-f]{12}$/), "down"],
      ["left", 1400, "020000000001", "down"],
    ]);
  });

  test("families of generic netlink are found by their names", () => {
    expect(
      inNamespace(`
        using kernel = new Rtnetlink({ protocol: "generic" });
        const unknown = await familyNamed(kernel, "nobody").catch(({ message }) => message);
        say([await familyNamed(kernel, "nlctrl"), unknown]);`),
    ).toEqual([16, "Cannot find nobody: ENOENT"]);
  });

  test("a link set up, an address and a route are there afterwards", () => {
    expect(
      inNamespace(`
        ip("link", "add", "uplink", "type", "veth", "peer", "name", "far");
        using kernel = new Rtnetlink();
        const links = await kernel.dump("list links", linkMessages.get, link, noLink);
        const { index } = links.find((it) => it.attributes.name === "uplink");
        await kernel.change("set uplink up", linkMessages.set, link, { ...noLink, index, flags: linkFlags.up, change: linkFlags.up });
        await kernel.change("add an address", addressMessages.added, address,
          { family: families.ipv4, prefixLength: 24, flags: 0, scope: 0, index, attributes: { local: "192.0.2.7", address: "192.0.2.7", broadcast: "192.0.2.255" } },
          ["create", "replace"]);
        await kernel.change("add a route", routeMessages.added, route,
          { family: families.ipv4, destinationLength: 0, sourceLength: 0, tos: 0, table: "main", protocol: "dhcp", scope: "universe", type: "unicast", flags: 0,
            attributes: { outInterface: index, gateway: "192.0.2.1", priority: 1024 } },
          ["create", "replace"]);
        say([JSON.parse(ip("-json", "address", "show", "uplink"))[0].addr_info.find((it) => it.family === "inet"),
             JSON.parse(ip("-json", "route"))[0]]);`),
    ).toEqual([
      expect.objectContaining({
        local: "192.0.2.7",
        prefixlen: 24,
        broadcast: "192.0.2.255",
        scope: "global",
      }),
      expect.objectContaining({
        dst: "default",
        gateway: "192.0.2.1",
        dev: "uplink",
        protocol: "dhcp",
        metric: 1024,
      }),
    ]);
  });

  test("what others change is noticed", () => {
    expect(
      inNamespace(`
        const first = Promise.withResolvers();
        using kernel = new Rtnetlink({ groups: 1, noticed: first.resolve });
        ip("link", "set", "lo", "mtu", "1400");
        const { type, payload } = await first.promise;
        say([type, decode(link, payload).attributes.mtu]);`),
    ).toEqual([16, 1400]);
  });

  test("a refusal names its reason", () => {
    expect(
      inNamespace(`
        using kernel = new Rtnetlink();
        const refused = kernel.change("set link 99 up", linkMessages.set, link, { ...noLink, index: 99, flags: 1, change: 1 });
        say(await refused.catch(({ message }) => message));`),
    ).toBe("Cannot set link 99 up: ENODEV");
  });
});

describe("hostile bytes", () => {
  test.each([
    ["datagrams", datagram],
    ["links", link],
    ["addresses", address],
    ["routes", route],
  ] as const)("%s are read or refused with our own error", (_, codec) => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, size: "max" }), (bytes) => {
        try {
          decode<unknown>(codec, bytes);
        } catch (error) {
          expect(error).toBeInstanceOf(WireError);
        }
      }),
    );
  });
});
