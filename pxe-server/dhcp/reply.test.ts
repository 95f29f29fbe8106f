import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, describe, expect, test } from "vitest";
import { decode, encode } from "../../wire/codec.ts";
import type { Options } from "../../wire/dhcp/options.ts";
import { type Packet, packet } from "../../wire/dhcp/packet.ts";
import type { Clock } from "../clock.ts";
import { nextStage } from "../firmware.ts";
import { askerOf } from "./asker.ts";
import { type BootServer, offeredBoot, servedBoot } from "./boot-fields.ts";
import { destinationOf } from "./destination.ts";
import { Leases } from "./leases.ts";
import { dhcpMode, type Network } from "./network.ts";
import { type Authority, type Context, decide, decideBootServer } from "./reply.ts";
import { addressNumber } from "./subnet.ts";
import type { Tactic } from "./tactics.ts";

const captured = (name: string): Packet =>
  decode(
    packet,
    Uint8Array.fromHex(
      readFileSync(join(import.meta.dirname, "../../wire/dhcp/captures", `${name}.hex`), "utf8").replaceAll(
        /\s/g,
        "",
      ),
    ),
  );

const serverAddress = "192.0.2.1";
const bootServer: BootServer = {
  address: serverAddress,
  entryUrl: "http://192.0.2.1:8080/start/52-54-00-12-34-56.ipxe",
  loaderUrl: (file) => `http://192.0.2.1:8080/loaders/${file}`,
};
const clock: Clock = {
  now: () => 1_000_000,
  every: () => ({ [Symbol.dispose]: () => {} }),
  sleep: () => Promise.reject(new Error("nobody sleeps here")),
};
const mode = dhcpMode.parse({
  mode: "full",
  subnets: [
    {
      subnet: "192.0.2.0/24",
      pool: ["192.0.2.100", "192.0.2.199"],
      routers: ["192.0.2.254"],
      dns: ["192.0.2.53"],
      routes: [{ to: "198.51.100.0/24", via: "192.0.2.253" }],
      reservations: [{ mac: "52-54-00-00-00-99", address: "192.0.2.20", hostName: "node-20" }],
    },
  ],
});
const network: Network = mode.mode === "full" ? mode.subnets[0]! : (undefined as never);

let leases: Leases;
beforeEach(() => {
  leases = new Leases(network.range!, { clock });
});

const authority = (reservation = network.reservations[9]): Authority => ({ network, leases, reservation });
const contextOf = (
  request: Packet,
  given: Partial<Context> & { tactic?: Tactic; at?: "bootserver" } = {},
): Context => {
  const asker = askerOf(request)!;
  const { tactic = "offer", at, ...rest } = given;
  const stage = nextStage(asker.firmware);
  const boot =
    asker.wants && (at ? servedBoot(stage, bootServer) : offeredBoot(stage, tactic, bootServer, asker.wants));
  return { asker, serverAddress, nowMs: clock.now(), authority: undefined, boot: boot || undefined, ...rest };
};
const client = (options: Options, header: Partial<Packet> = {}): Packet => ({
  ...captured("dhclient-discover"),
  mac: "52:54:00:00:00:01",
  ...header,
  options,
});
const ask = (request: Packet, given: Partial<Context> = {}) =>
  decide(request, contextOf(request, { authority: authority(), ...given }));
/** Discovers, then requests what was offered. */
const lease = (header: Partial<Packet> = {}) => {
  const offered = ask(client({ messageType: "discover" }, header)).reply!;
  const request = client(
    { messageType: "request", serverIdentifier: serverAddress, requestedAddress: offered.yourAddress },
    header,
  );
  const decision = ask(request);
  for (const change of decision.changes ?? []) leases.apply(change);
  return decision;
};

describe("the offer of a proxy", () => {
  test("is what EDK2 accepts: 53, 54, 60, 97, 43 and the boot file in field and option", () => {
    const request = captured("edk2-pxe-discover");
    const { reply } = decide(request, contextOf(request));
    expect(reply).toMatchObject({
      op: "reply",
      yourAddress: "0.0.0.0",
      serverAddress,
      file: "snponly.efi",
      transactionId: request.transactionId,
      options: {
        messageType: "offer",
        serverIdentifier: serverAddress,
        vendorClass: "PXEClient",
        clientMachineUuid: request.options.clientMachineUuid,
        bootFileName: "snponly.efi",
      },
    });
    expect(Buffer.from(encode(packet, reply!)).toString("hex")).toContain("2b04060108ff");
  });

  test("names no file where the firmware must ask the boot server", () => {
    const request = captured("edk2-pxe-discover");
    const { reply } = decide(request, contextOf(request, { tactic: "boot server" }));
    expect(reply).toMatchObject({ file: "", options: { vendorClass: "PXEClient" } });
    expect(reply?.options.vendorSpecific).toBeUndefined();
  });

  test("is a URL for HTTP Boot", () => {
    const request = captured("edk2-http-discover");
    expect(decide(request, contextOf(request)).reply).toMatchObject({
      file: "http://192.0.2.1:8080/loaders/snponly.efi",
      options: { vendorClass: "HTTPClient", bootFileName: "http://192.0.2.1:8080/loaders/snponly.efi" },
    });
  });

  test.each(["ipxe-bios-discover", "snponly-discover"])(
    "is a script for %s, and no wait for another proxy",
    (name) => {
      const request = captured(name);
      const { reply } = decide(request, contextOf(request));
      expect(reply?.options).toMatchObject({ bootFileName: bootServer.entryUrl, ipxe: { noProxyDhcp: 1 } });
    },
  );

  test("is silence for an operating system, and for every REQUEST", () => {
    for (const request of [
      captured("dhclient-discover"),
      { ...captured("edk2-pxe-discover"), options: { messageType: "request" } } as Packet,
    ]) {
      expect(decide(request, contextOf(request)).reply).toBeUndefined();
    }
  });
});

test("the boot server on 4011 names the file without option 43", () => {
  const request = captured("edk2-pxe-discover");
  request.options.messageType = "request";
  const { reply } = decideBootServer(request, contextOf(request, { at: "bootserver" }));
  expect(reply).toMatchObject({
    serverAddress,
    file: "snponly.efi",
    options: { messageType: "ack", serverIdentifier: serverAddress, vendorClass: "PXEClient" },
  });
  expect(reply?.options.vendorSpecific).toBeUndefined();
});

describe("a full server", () => {
  test("offers an address with what the subnet tells", () => {
    expect(ask(client({ messageType: "discover" })).reply).toMatchObject({
      yourAddress: "192.0.2.100",
      options: {
        messageType: "offer",
        serverIdentifier: serverAddress,
        leaseTimeS: 3600,
        subnetMask: "255.255.255.0",
        broadcastAddress: "192.0.2.255",
        routers: ["192.0.2.254"],
        domainNameServers: ["192.0.2.53"],
        classlessStaticRoutes: [
          { destination: "198.51.100.0/24", router: "192.0.2.253" },
          { destination: "0.0.0.0/0", router: "192.0.2.254" },
        ],
      },
    });
  });

  test("leases what it offered, and remembers it", () => {
    expect(lease()).toMatchObject({
      leased: "192.0.2.100",
      reply: { yourAddress: "192.0.2.100", options: { messageType: "ack" } },
      changes: [
        {
          type: "bound",
          mac: "52:54:00:00:00:01",
          address: addressNumber("192.0.2.100"),
          expiresMs: 4_600_000,
        },
      ],
    });
  });

  test("gives firmware a shorter lease, and its loader", () => {
    const { reply } = ask(captured("edk2-pxe-discover"));
    expect(reply?.options).toMatchObject({
      leaseTimeS: 120,
      bootFileName: "snponly.efi",
      tftpServerName: serverAddress,
    });
  });

  test("gives a machine that may not netboot an address alone", () => {
    const { reply } = ask(captured("edk2-pxe-discover"), { boot: undefined });
    expect(reply).toMatchObject({ file: "", serverAddress: "0.0.0.0", yourAddress: "192.0.2.100" });
    expect(reply?.options.bootFileName).toBeUndefined();
  });

  test("keeps one address for firmware, iPXE and system of one machine, whatever their client identifiers", () => {
    const identified = (byte: number) =>
      ask(client({ messageType: "discover", clientIdentifier: Uint8Array.of(byte) })).reply;
    expect(new Set([1, 2, 3].map((byte) => identified(byte)?.yourAddress))).toEqual(new Set(["192.0.2.100"]));
    expect(identified(7)?.options.clientIdentifier).toEqual(Uint8Array.of(7));
  });

  test("gives a reservation its address and name, and writes nothing", () => {
    const reserved = authority(network.reservations[0]);
    const discover = client({ messageType: "discover" }, { mac: "52:54:00:00:00:99" });
    expect(ask(discover, { authority: reserved }).reply).toMatchObject({
      yourAddress: "192.0.2.20",
      options: { hostName: "node-20" },
    });
    const request = client(
      { messageType: "request", requestedAddress: "192.0.2.20" },
      { mac: "52:54:00:00:00:99" },
    );
    expect(ask(request, { authority: reserved })).toMatchObject({ leased: "192.0.2.20", changes: [] });
  });

  test("renews a lease to the address it came from", () => {
    lease();
    const { reply } = ask(client({ messageType: "request" }, { clientAddress: "192.0.2.100" }));
    expect(reply?.options.messageType).toBe("ack");
    expect(destinationOf(reply!)).toEqual({ address: "192.0.2.100", port: 68 });
  });

  test.each([
    ["an address of another subnet", { requestedAddress: "198.51.100.7" }],
    ["another address than it has", { requestedAddress: "192.0.2.1" }],
  ])("refuses %s", (_, options) => {
    lease();
    const { reply } = ask(client({ messageType: "request", ...options }));
    expect(reply?.options.messageType).toBe("nak");
    expect(destinationOf(reply!)).toEqual({ address: "255.255.255.255", port: 68 });
  });

  test.each<[string, Options]>([
    [
      "that chose another server",
      { messageType: "request", serverIdentifier: "192.0.2.2", requestedAddress: "192.0.2.100" },
    ],
    ["that names no address", { messageType: "request" }],
    ["that only servers send", { messageType: "ack" }],
    ["without a type", {}],
  ])("is silent to a packet %s", (_, options) => {
    expect(ask(client(options)).reply).toBeUndefined();
  });

  test("is silent when the pool has run dry", () => {
    for (let n = 0; n < 100; n++) lease({ mac: `52:54:00:00:01:${n.toString(16).padStart(2, "0")}` });
    expect(ask(client({ messageType: "discover" }))).toEqual({ why: "no address is free" });
  });

  test("takes back a released address, from the machine that has it alone", () => {
    lease();
    const release = (mac: string) =>
      ask(client({ messageType: "release" }, { mac, clientAddress: "192.0.2.100" })).changes;
    expect(release("52:54:00:00:00:02")).toBeUndefined();
    expect(release("52:54:00:00:00:01")).toEqual([{ type: "freed", address: addressNumber("192.0.2.100") }]);
  });

  test("leaves a declined address alone", () => {
    lease();
    const { changes, reply } = ask(client({ messageType: "decline", requestedAddress: "192.0.2.100" }));
    expect(reply).toBeUndefined();
    for (const change of changes!) leases.apply(change);
    expect(ask(client({ messageType: "discover" })).reply?.yourAddress).toBe("192.0.2.101");
  });

  test("tells a client with an address of its own the options, no address and no time", () => {
    const { reply } = ask(client({ messageType: "inform" }, { clientAddress: "192.0.2.9" }));
    expect(reply).toMatchObject({
      yourAddress: "0.0.0.0",
      options: { messageType: "ack", subnetMask: "255.255.255.0" },
    });
    expect(reply?.options.leaseTimeS).toBeUndefined();
    expect(destinationOf(reply!)).toEqual({ address: "192.0.2.9", port: 68 });
  });

  test("answers through the relay, and echoes what the relay added", () => {
    const relayAgentInformation = Uint8Array.of(1, 4, 0xde, 0xad, 0xbe, 0xef);
    const { reply } = ask(
      client({ messageType: "discover", relayAgentInformation }, { relayAddress: "192.0.2.254", hops: 1 }),
    );
    expect(reply?.options.relayAgentInformation).toEqual(relayAgentInformation);
    expect(Object.keys(reply!.options).at(-1)).toBe("relayAgentInformation");
    expect(destinationOf(reply!)).toEqual({ address: "192.0.2.254", port: 67 });
  });
});

describe("who asks", () => {
  test.each([
    ["iPXE by bare text", { userClass: "iPXE" }],
    ["iPXE by a counted list", { userClass: "\x04iPXE" }],
    ["iPXE by its own option", { ipxe: { version: { major: 1, minor: 21, patch: 1 } } }],
  ])("is %s", (_, options) => expect(askerOf(client(options))).toMatchObject({ firmware: { isIpxe: true } }));

  test("is nobody without an Ethernet address", () => {
    expect(askerOf(client({}, { hardwareType: 32 }))).toBeUndefined();
    expect(askerOf(client({}, { mac: "00:00:00:00:00:00" }))).toBeUndefined();
  });
});
