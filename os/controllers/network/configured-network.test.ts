import { describe, expect, test } from "vitest";
import { onCables } from "./practice-cables.ts";

const documents = (...texts: string[]) => JSON.stringify(texts.join("---\n"));
const document = (kind: string, fields: string) => `apiVersion: v1alpha1\nkind: ${kind}\n${fields}\n`;

describe("the network of a machine config", () => {
  test("takes a port from DHCP to its own address, and gives it back", () => {
    const configured = documents(
      document(
        "LinkConfig",
        "name: port\nmtu: 1400\naddresses: [{address: 192.0.2.7/24}]\nroutes: [{gateway: 192.0.2.1}]",
      ),
      document("HostnameConfig", "hostname: rack-7.example.org"),
      document("ResolverConfig", "nameservers: [{address: 192.0.2.53}]\nsearchDomains: {domains: [lab]}"),
      document("TimeSyncConfig", "ntp: {servers: [192.0.2.123]}"),
      document("StaticHostConfig", "name: 192.0.2.9\nhostnames: [disk, disk.lab]"),
    );
    expect(
      onCables(
        "",
        `ip("link", "set", "far", "up");
         await dhcpServer("one", "far", "192.0.2.1", "192.0.2.10", "--dhcp-option=option:ntp-server,192.0.2.124");
         await until(AddressStatus, "port/192.0.2.10/24", (it) => it);
         await configure(${configured});
         await until(AddressStatus, "port/192.0.2.7/24", (it) => it);
         await until(AddressStatus, "port/192.0.2.10/24", (it) => it === undefined);
         await until(HostnameStatus, "hostname", (it) => it?.hostname === "rack-7");
         await until(TimeServerStatus, "timeservers", (it) => it?.timeServers[0] === "192.0.2.123");
         await until(ResolverStatus, "resolvers", (it) => it?.searchDomains.length > 0);
         await until(LinkStatus, "port", (it) => it?.mtu === 1400);
         await status((it) => it.connectivityReady);
         await until(HostEntries, "hosts", (it) => it?.entries.some(({ names }) => names.includes("rack-7.example.org")));
         const during = { addresses: addresses("port"), routes: routes("port"), resolv: readFileSync(folder + "/resolv.conf", "utf8"), name: names.at(-1),
           hosts: readFileSync(folder + "/hosts", "utf8").split("\\n").filter((it) => /rack|disk/.test(it)).map((it) => it.replace(/^192.0.2.[17] /, "OWN ")) };
         await configure(${documents(document("HostnameConfig", "auto: stable"))});
         await until(AddressStatus, "port/192.0.2.10/24", (it) => it);
         await until(AddressStatus, "port/192.0.2.7/24", (it) => it === undefined);
         await until(HostnameStatus, "hostname", (it) => it?.hostname === "ingot-test");
         await until(TimeServerStatus, "timeservers", (it) => it?.timeServers[0] === "192.0.2.124");
         await end({ ...during, after: addresses("port") });`,
      ),
    ).toEqual({
      addresses: ["192.0.2.7/24"],
      routes: ["192.0.2.0/24  0", "default 192.0.2.1 1024"],
      resolv: "nameserver 192.0.2.53\nsearch lab example.org\n",
      name: "rack-7",
      hosts: ["OWN rack-7.example.org rack-7", "192.0.2.9 disk disk.lab"],
      after: ["192.0.2.10/24"],
    });
  });

  test("makes a bridge of ports, and sets them free again", () => {
    const bridge = (links: string) =>
      documents(
        document(
          "BridgeConfig",
          `name: br9\nlinks: [${links}]\nstp: {enabled: true}\naddresses: [{address: 203.0.113.7/24}]`,
        ),
      );
    expect(
      onCables(
        "",
        `ip("link", "set", "far", "up");
         ip("link", "set", "away", "up");
         await configure(${bridge("port, spare")});
         await until(AddressStatus, "br9/203.0.113.7/24", (it) => it);
         for (const name of ["port", "spare"]) await until(LinkStatus, name, (it) => it?.slaveKind === "bridge" && it.up);
         const show = (name) => JSON.parse(ip("-json", "-details", "link", "show", name))[0];
         const made = { stp: show("br9").linkinfo.info_data.stp_state, members: ["port", "spare"].map((it) => show(it).master) };
         await configure(${bridge("spare")});
         await until(LinkStatus, "port", (it) => it?.slaveKind === "");
         await configure(${documents(document("LinkConfig", "name: port\naddresses: [{address: 192.0.2.7/24}]"))});
         await until(AddressStatus, "port/192.0.2.7/24", (it) => it);
         await until(LinkStatus, "br9", (it) => it === undefined);
         await end({ ...made, left: JSON.parse(ip("-json", "link")).map((it) => it.ifname).sort() });`,
      ),
    ).toEqual({ stp: 1, members: ["br9", "br9"], left: ["away", "far", "lo", "port", "spare"] });
  });

  test("tells a card what it is to do, and says what it cannot", () => {
    const ethernet = (fields: string) =>
      documents(document("EthernetConfig", `name: port\nfeatures: {${fields}}`));
    const switched = (isOn: boolean) =>
      ethernet(`tx-generic-segmentation: ${isOn}, tx-vlan-hw-insert: ${isOn}`);
    expect(
      onCables(
        "",
        `const shown = () => execFileSync("ethtool", ["-k", "port"], { encoding: "utf8" });
         const features = () => ["generic-segmentation-offload: ", "tx-vlan-offload: "].map((it) => shown().split(it)[1].split("\\n")[0]).join(" ");
         const after = async (yaml) => { const told = once(cards, "told"); await configure(yaml); const [failure] = await told; return failure ?? features(); };
         await end([features(), await after(${switched(false)}), await after(${switched(true)}), await after(${ethernet("no-such-thing: true")})]);`,
      ),
    ).toEqual(["on on", "off off", "on on", expect.stringMatching(/^Cannot set the features of a card/)]);
  });

  test("calls a port by a name of its own, for the kernel too, and finds it by that", () => {
    const yaml = documents(
      document(
        "LinkAliasConfig",
        `name: net0\nselector: {match: 'glob("52:54:00:00:00:*9", mac(link.permanent_addr))'}`,
      ),
      document("LinkConfig", "name: net0\naddresses: [{address: 192.0.2.7/24}]"),
    );
    expect(
      onCables(
        "",
        `ip("link", "set", "far", "up");
         await configure(${yaml});
         await until(AddressStatus, "port/192.0.2.7/24", (it) => it);
         await until(LinkStatus, "port", (it) => it?.alias === "net0");
         const shown = JSON.parse(ip("-json", "link", "show", "port"))[0].ifalias;
         await configure(${documents(document("LinkConfig", "name: port"))});
         await until(LinkStatus, "port", (it) => it.alias === undefined);
         await until(AddressStatus, "port/192.0.2.7/24", (it) => it === undefined);
         await end({ shown, after: JSON.parse(ip("-json", "link", "show", "port"))[0].ifalias ?? "none" });`,
      ),
    ).toEqual({ shown: "net0", after: "none" });
  });

  test("finds ports by what they are like, and leaves alone what it is told to", () => {
    const yaml = JSON.stringify(`machine:
  network:
    interfaces:
      - deviceSelector: {hardwareAddr: "52:54:00:00:00:*9", physical: true}
        addresses: [192.0.2.7/24]
      - {interface: spare, ignore: true}
`);
    expect(
      onCables(
        "",
        `ip("link", "set", "far", "up");
         ip("link", "set", "away", "up");
         await configure(${yaml});
         await until(AddressStatus, "port/192.0.2.7/24", (it) => it);
         await until(OperatorSpec, "dhcp4/spare", (it) => it === undefined);
         await end({ spare: addresses("spare"), said: said.filter((it) => !it.startsWith("spare:")) });`,
      ),
    ).toEqual({ spare: [], said: [] });
  });
});

test("routes, addresses and links are changed in place", () => {
  const port = (mtu: number, priority: number, source: string) =>
    document(
      "LinkConfig",
      `name: port
multicast: ${mtu === 1400}
addresses: [{address: 192.0.2.7/24, routePriority: ${priority}}, {address: 192.0.2.8/24, routePriority: ${priority}}]
routes:
  - {destination: 198.51.100.0/24, gateway: 192.0.2.1, source: ${source}, mtu: ${mtu}}
  - {destination: 198.51.100.0/24, gateway: 192.0.2.1, table: "1000"}`,
    );
  const bridge = (stp: boolean) =>
    document(
      "BridgeConfig",
      `name: br9\nlinks: [spare]\nstp: {enabled: ${stp}}\nhardwareAddr: 02-00-00-00-00-AA`,
    );
  expect(
    onCables(
      "",
      `ip("link", "set", "far", "up");
       ip("link", "set", "away", "up");
       const seen = () => {
         const [link] = JSON.parse(ip("-json", "link", "show", "port"));
         const [made] = JSON.parse(ip("-json", "-details", "link", "show", "br9"));
         return {
           multicast: link.flags.includes("MULTICAST"), stp: made.linkinfo.info_data.stp_state, mac: made.address,
           table: ip("route", "show", "table", "1000").trim(),
           main: ip("route", "show", "table", "main").trim().split("\\n").map((it) => it.trim()).map((it) => it.replace(/(kernel .*) src \\S+/, "$1")),
         };
       };
       await configure(${documents(port(1300, 30, "192.0.2.7"), bridge(false), document("BlackholeRouteConfig", "name: 203.0.113.0/24\nmetric: 9"))});
       await until(RouteStatus, "nowhere/inet4/203.0.113.0/24/9", (it) => it);
       await until(RouteStatus, "port/inet4/198.51.100.0/24/192.0.2.1/1024/1000", (it) => it);
       await until(RouteStatus, "port/inet4/198.51.100.0/24/192.0.2.1/1024", (it) => it?.mtu === 1300);
       await until(LinkStatus, "port", (it) => !it.multicast);
       await until(LinkStatus, "spare", (it) => it?.slaveKind === "bridge" && it.up);
       const { index } = await until(LinkStatus, "br9", (it) => it?.hardwareAddr === "02:00:00:00:00:aa");
       const before = seen();
       await configure(${documents(port(1400, 40, "192.0.2.8"), bridge(true))});
       await until(RouteStatus, "nowhere/inet4/203.0.113.0/24/9", (it) => !it);
       await until(RouteStatus, "port/inet4/198.51.100.0/24/192.0.2.1/1024", (it) => it?.mtu === 1400);
       await until(AddressStatus, "port/192.0.2.8/24", (it) => it?.priority === 40);
       await until(AddressStatus, "port/192.0.2.7/24", (it) => it?.priority === 40);
       await until(LinkStatus, "port", (it) => it.multicast);
       await until(LinkStatus, "br9", (it) => it && it.index !== index && it.hardwareAddr === "02:00:00:00:00:aa");
       await until(LinkStatus, "spare", (it) => it?.slaveKind === "bridge" && it.up);
       await end({ before, after: seen() });`,
    ),
  ).toEqual({
    before: {
      ...{ multicast: false, stp: 0, mac: "02:00:00:00:00:aa" },
      table: "198.51.100.0/24 via 192.0.2.1 dev port proto static metric 1024",
      main: [
        "192.0.2.0/24 dev port proto kernel scope link metric 30",
        "198.51.100.0/24 via 192.0.2.1 dev port proto static src 192.0.2.7 metric 1024 mtu 1300",
        "blackhole 203.0.113.0/24 proto static metric 9",
      ],
    },
    after: {
      ...{ multicast: true, stp: 1, mac: "02:00:00:00:00:aa" },
      table: "198.51.100.0/24 via 192.0.2.1 dev port proto static metric 1024",
      main: [
        "192.0.2.0/24 dev port proto kernel scope link metric 40",
        "198.51.100.0/24 via 192.0.2.1 dev port proto static src 192.0.2.8 metric 1024 mtu 1400",
      ],
    },
  });
});

test("rules say which table a route is looked for in", () => {
  const rule = (priority: number, fields: string) =>
    document("RoutingRuleConfig", `name: "${priority}"\n${fields}`);
  const before = documents(
    rule(100, "src: 10.0.0.0/8\ntable: '1000'"),
    rule(200, "dst: fd00::/8\naction: prohibit"),
    rule(300, "fwMark: 7\niifName: port\ntable: '10'"),
  );
  expect(
    onCables(
      "",
      `const rules = (family) => ip(family, "rule").trim().split("\\n").filter((it) => /^[123]00:/.test(it)).map((it) => it.replaceAll("\\t", " ").trim());
       const changed = async (config, wanted) => {
         await configure(config);
         const stop = AbortSignal.timeout(15_000);
         let seen;
         do {
           await new Promise(setImmediate);
           seen = [rules("-4"), rules("-6")];
         } while (JSON.stringify(seen) !== JSON.stringify(wanted) && !stop.aborted);
         return seen;
       };
       const first = [["100: from 10.0.0.0/8 lookup 1000", "300: from all fwmark 0x7 iif port lookup 10"], ["200: from all to fd00::/8 prohibit", "300: from all fwmark 0x7 iif port lookup 10"]];
       const second = [["100: from 10.0.0.0/8 lookup 1001"], []];
       const seen = [await changed(${before}, first), await changed(${documents(rule(100, "src: 10.0.0.0/8\ntable: '1001'"))}, second)];
       await end(seen.map((it, at) => JSON.stringify(it) === JSON.stringify([first, second][at]) || it));`,
    ),
  ).toEqual([true, true]);
});

test("an address of either protocol is asked for, until nobody wants it any more", () => {
  const asked = (...kinds: string[]) => documents(...kinds.map((kind) => document(kind, "name: port")));
  expect(
    onCables(
      "",
      `await dhcp6Server("six", "far", "fd00::1", "fd00::10", "--dhcp-option=option6:dns-server,[fd00::53]", "--dhcp-option=option6:domain-search,lab");
       await dhcpServer("four", "far", "192.0.2.1", "192.0.2.10");
       ip("link", "set", "far", "up");
       await configure(${asked("DHCPv4Config", "DHCPv6Config")});
       await until(AddressStatus, "port/192.0.2.10/24", (it) => it);
       await until(AddressStatus, "port/fd00::10/128", (it) => it);
       const { dnsServers, searchDomains } = await until(ResolverStatus, "resolvers", (it) => it?.dnsServers.includes("fd00::53"));
       const lease = await until(DhcpLease, "port/6", (it) => it);
       await configure(${asked("DHCPv4Config")});
       await until(AddressStatus, "port/fd00::10/128", (it) => !it);
       await end({ searchDomains, lease: lease.address, four: addresses("port") });`,
    ),
  ).toEqual({ searchDomains: ["lab"], lease: "fd00::10/128", four: ["192.0.2.10/24"] });
});
