import { expect, test } from "vitest";
import type { ObservedLink } from "./intent.ts";
import { linkAliases } from "./link-aliases.ts";

const port = (name: string, mac: string, rest: Partial<ObservedLink> = {}): ObservedLink => ({
  ...{ name, index: 2, type: "ether", kind: "", slaveKind: "", linkIndex: 0, masterIndex: 0 },
  ...{ hardwareAddr: mac, permanentAddr: "", mtu: 1500, operationalState: "up", up: true, multicast: true },
  ...{ pciID: "8086:1521", linkState: true, physical: true, driver: "ixgbe", busPath: "0000:01:00.0" },
  ...{ speedMbit: 10_000, duplex: "Full" },
  ...rest,
});
const links = [
  port("eth0", "52:54:00:00:00:03"),
  port("eth1", "52:54:00:00:00:02", { driver: "mlx5_core" }),
  // A member of a bond shows the bond's address; its own stays what it is called by.
  port("eth2", "52:54:00:00:00:02", { permanentAddr: "0c:42:a1:00:00:01", driver: "mlx5_core" }),
  port("bond0", "52:54:00:00:00:02", { physical: false, kind: "bond", driver: "mlx5_core" }),
];

test.each<[string, readonly (readonly [name: string, match: string])[], Record<string, string | undefined>]>([
  ["by a hardware address", [["net0", 'mac(link.permanent_addr) == "0c:42:a1:00:00:01"']], { net0: "eth2" }],
  [
    "by the beginning of one",
    [["net0", 'glob("52:54:00:00:00:03", mac(link.permanent_addr))']],
    { net0: "eth0" },
  ],
  [
    "by a driver, counted by hardware addresses",
    [["fast%d", 'link.driver == "mlx5_core"']],
    { fast0: "eth2", fast1: "eth1" },
  ],
  [
    "by the first that fits",
    [
      ["a", 'link.driver == "ixgbe"'],
      ["b%d", "true"],
    ],
    { a: "eth0", b0: "eth2", b1: "eth1" },
  ],
  ["by nothing that is there", [["net0", 'link.bus_path == "0000:09:00.0"']], { net0: undefined }],
])("ports are found %s", (_, settings, found) => {
  const aliases = linkAliases(
    settings.map(([name, match]) => ({ name, match })),
    links,
  );
  expect(Object.fromEntries(aliases.links)).toEqual(found);
  expect(aliases.refused).toEqual([]);
});

test.each([
  ["true", "several links fit: eth2, eth1, eth0"],
  ["link.speed", 'Cannot compare links with "link.speed": there is no speed'],
  ["link.mtu", 'Cannot compare links with "link.mtu": its value is neither true nor false'],
  ["link.", 'Cannot compare links with "link.": a name is missing behind a dot'],
])("a name for %j is refused, and means nobody", (match, why) => {
  const { links: found, refused } = linkAliases([{ name: "net0", match }], links);
  expect(refused).toEqual([`Cannot call a link net0: ${why}`]);
  expect([...found]).toEqual([["net0", undefined]]);
});
