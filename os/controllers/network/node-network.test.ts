import { describe, expect, test } from "vitest";
import { onCables } from "./practice-cables.ts";

describe("the node's network", () => {
  test("a port gets its address when the cable comes, loses it with the cable, and gets it back", () => {
    expect(
      onCables(
        "",
        `
        await dhcpServer("one", "far", "192.0.2.1", "192.0.2.10", "--dhcp-option=option:dns-server,192.0.2.53", "--dhcp-option=option:ntp-server,192.0.2.123",
          "--dhcp-option=option:classless-static-route,0.0.0.0/0,192.0.2.1,198.51.100.0/24,192.0.2.2");
        const unplugged = (await status((it) => /no port has a link .*spare/.test(it.waitingFor))).waitingFor;
        ip("link", "set", "far", "up");
        await status((it) => it.connectivityReady);
        const resolver = await until(ResolverStatus, "resolvers", (it) => it?.dnsServers.length > 0);
        const time = await until(TimeServerStatus, "timeservers", (it) => it?.timeServers[0] === "192.0.2.123");
        await until(AddressStatus, "port/192.0.2.10/24", (it) => it);
        const first = { addresses: addresses("port"), routes: routes("port"), resolver, time, file: readFileSync(folder + "/resolv.conf", "utf8") };
        ip("link", "set", "far", "down");
        await until(AddressStatus, "port/192.0.2.10/24", (it) => it === undefined);
        ip("link", "set", "far", "up");
        await until(AddressStatus, "port/192.0.2.10/24", (it) => it);
        await end({ unplugged, ...first, again: addresses("port"), names, lost: said.includes("port: has lost its link") });`,
      ),
    ).toEqual({
      unplugged: "a cable: no port has a link (port, spare)",
      addresses: ["192.0.2.10/24"],
      routes: ["192.0.2.0/24  0", "198.51.100.0/24 192.0.2.2 1024", "default 192.0.2.1 1024"],
      resolver: { dnsServers: ["192.0.2.53"], searchDomains: [] },
      time: { timeServers: ["192.0.2.123"] },
      file: "nameserver 192.0.2.53\n",
      again: ["192.0.2.10/24"],
      names: ["ingot-test"],
      lost: true,
    });
  });

  test("a router's announcement alone gives an IPv6 address and a way out", () => {
    expect(
      onCables(
        "",
        `ip("link", "set", "far", "up");
         ip("-6", "address", "add", "2001:db8:7::1/64", "dev", "far", "nodad");
         await dhcpServer("router", "far", "192.0.2.1", "192.0.2.10", "--enable-ra", "--ra-param=far,4", "--dhcp-range=2001:db8:7::,ra-only");
         const own = (it) => it.startsWith("2001:db8:7:") && it !== "2001:db8:7::1/64";
         const { addresses: all } = await until(NodeAddress, "current", (it) => it?.addresses?.some(own));
         const out = execFileSync("ip", ["-6", "route", "show", "default"], { encoding: "utf8" });
         await end({ made: /^2001:db8:7:0:.*ff:fe.*\\/64$/.test(all.find(own)), out: /default .*dev port/.test(out) });`,
      ),
    ).toEqual({ made: true, out: true });
  });

  test("without a DHCP server it says what it waits for", () => {
    expect(
      onCables(
        "",
        `ip("link", "set", "far", "up");
         const { waitingFor } = await status((it) => /DHCP/.test(it.waitingFor));
         await end(waitingFor);`,
      ),
    ).toBe("an address: no DHCP server has answered on port");
  });

  test("two servers on two ports give two addresses, and the first port's server the name", () => {
    expect(
      onCables(
        "",
        `await dhcpServer("one", "far", "192.0.2.1", "192.0.2.10", "--dhcp-host=52:54:00:00:00:09,192.0.2.10,first");
         await dhcpServer("two", "away", "198.51.100.1", "198.51.100.10", "--dhcp-host=52:54:00:00:00:0a,198.51.100.10,second");
         ip("link", "set", "far", "up");
         ip("link", "set", "away", "up");
         await until(AddressStatus, "port/192.0.2.10/24", (it) => it);
         await until(AddressStatus, "spare/198.51.100.10/24", (it) => it);
         const name = await until(HostnameStatus, "hostname", (it) => it?.hostname === "first");
         const { addresses: known } = await until(NodeAddress, "current", (it) => it?.addresses.includes("198.51.100.10/24") && it.addresses.includes("192.0.2.10/24"));
         await end([addresses("port"), addresses("spare"), known.length, name.hostname]);`,
      ),
    ).toEqual([["192.0.2.10/24"], ["198.51.100.10/24"], 4, "first"]);
  });

  test("two servers on one link: the first offer is taken, and one address is all there is", () => {
    expect(
      onCables(
        "",
        `ip("link", "add", "far0", "type", "veth", "peer", "name", "far1");
         ip("link", "add", "br0", "type", "bridge", "stp_state", "0", "forward_delay", "0");
         for (const member of ["far", "far1"]) ip("link", "set", member, "master", "br0");
         for (const link of ["br0", "far0", "far1", "far"]) ip("link", "set", link, "up");
         await dhcpServer("one", "br0", "192.0.2.1", "192.0.2.10");
         await dhcpServer("two", "far0", "192.0.2.2", "192.0.2.20");
         const lease = await until(DhcpLease, "port", (it) => it);
         await until(AddressStatus, "port/" + lease.address, (it) => it);
         await end(addresses("port").length === 1 && addresses("port")[0] === lease.address);`,
      ),
    ).toBe(true);
  });

  test("a static address from the kernel's arguments needs no DHCP, and the other port still asks for one", () => {
    expect(
      onCables(
        "ip=192.0.2.7::192.0.2.1:255.255.255.0:rack-7:enx525400000009:off:192.0.2.53 ip=nonsense:x",
        `ip("link", "set", "far", "up");
         ip("link", "set", "away", "up");
         await dhcpServer("two", "away", "198.51.100.1", "198.51.100.10");
         await status((it) => it.connectivityReady);
         await until(AddressStatus, "spare/198.51.100.10/24", (it) => it);
         await until(HostnameStatus, "hostname", (it) => it?.hostname === "rack-7");
         const { resources } = await state.list(DhcpLease);
         await end({ port: addresses("port"), routes: routes("port"), spare: addresses("spare"), leases: resources.map((it) => it.metadata.id), refused: said.filter((it) => /Cannot follow/.test(it)) });`,
      ),
    ).toEqual({
      port: ["192.0.2.7/24"],
      routes: ["192.0.2.0/24  0", "default 192.0.2.1 0"],
      spare: ["198.51.100.10/24"],
      leases: ["spare"],
      refused: [`Cannot follow ip=nonsense:x: it knows no way "x" to configure nonsense`],
    });
  });

  test("the switch at the other end is known by what it announces, until it leaves", () => {
    expect(
      onCables(
        "",
        `import("../../kernel/raw-socket.ts").then(async ({ RawSocket }) => {
           ip("link", "set", "far", "up");
           await until(LinkStatus, "port", (it) => it?.linkState);
           const raw = new RawSocket({ family: 17, type: 3, protocol: 0, received() {}, overrun() {}, failed() {} });
           const to = Buffer.alloc(20);
           to.writeUInt16LE(17, 0);
           to.writeInt32LE(JSON.parse(ip("-json", "link", "show", "far"))[0].ifindex, 4);
           const frame = (ttl) => Buffer.from("0180c200000e" + "020000000001" + "88cc" + "0207" + "04" + "001b21aabbcc" + "0404" + "05" + "6531" + "37" + "0602" + ttl + "0a046c656166" + "0000", "hex");
           const sending = setInterval(() => raw.send(frame("0078"), to), 20);
           const heard = await until(LinkNeighbor, "port", (it) => it);
           clearInterval(sending);
           raw.send(frame("0000"), to);
           await until(LinkNeighbor, "port", (it) => it === undefined);
           raw[Symbol.dispose]();
           await end(heard);
         });`,
      ),
    ).toMatchObject({ chassisId: "00:1b:21:aa:bb:cc", portId: "e17", systemName: "leaf" });
  });

  test("what somebody else takes away is put back", () => {
    expect(
      onCables(
        "ip=192.0.2.7:::255.255.255.0::port:off",
        `ip("link", "set", "far", "up");
         await until(AddressStatus, "port/192.0.2.7/24", (it) => it);
         const back = (async () => { let gone = false; await until(AddressStatus, "port/192.0.2.7/24", (it) => { if (!it) gone = true; return gone && it; }); })();
         ip("address", "del", "192.0.2.7/24", "dev", "port");
         await back;
         await end(addresses("port"));`,
      ),
    ).toEqual(["192.0.2.7/24"]);
  });
});
