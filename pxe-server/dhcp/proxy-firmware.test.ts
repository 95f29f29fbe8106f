// What firmware in the field does with a proxy's offers, simulated: bytes in, bytes out, through the whole server.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { decode, encode } from "../../wire/codec.ts";
import { type Packet, packet } from "../../wire/dhcp/packet.ts";
import { pxeOptions } from "../../wire/dhcp/pxe-options.ts";
import type { Clock } from "../clock.ts";
import { type MemoryServer, openMemoryServer, address as ours } from "./memory-server.ts";

let nowMs: number;
const clock: Clock = {
  now: () => nowMs,
  every: () => ({ [Symbol.dispose]: () => {} }),
  sleep: () => Promise.reject(new Error("nobody sleeps here")),
};

let memory: MemoryServer;
beforeEach(async () => {
  nowMs = 0;
  memory = await openMemoryServer({ mode: "proxy" }, clock);
});
afterEach(() => memory[Symbol.asyncDispose]());

async function exchange(port: number, request: Packet): Promise<Packet | undefined> {
  const [sent] = await memory.exchange(port, encode(packet, request));
  return sent && decode(packet, sent.bytes);
}

const question = (mac: string, messageType: "discover" | "request"): Packet => ({
  op: "request",
  hardwareType: 1,
  hardwareLength: 6,
  hops: 0,
  transactionId: 0x11223344,
  seconds: 0,
  broadcast: true,
  clientAddress: "0.0.0.0",
  yourAddress: "0.0.0.0",
  serverAddress: "0.0.0.0",
  relayAddress: "0.0.0.0",
  mac,
  serverName: "",
  file: "",
  options: {
    messageType,
    clientArchitectures: [7],
    vendorClass: "PXEClient:Arch:00007:UNDI:003016",
    clientMachineUuid: "4c4c4544-0042-3510-8052-b4c04f4d4d31",
  },
});

interface FirmwareModel {
  /** What it does with an offer of ours; undefined when it heard none. */
  readonly takes: (
    offer: Packet | undefined,
  ) => "its file" | "a boot server" | "the other server" | "nothing";
}

const control = ({ options: { vendorSpecific } }: Packet) =>
  vendorSpecific && decode(pxeOptions, vendorSpecific).discoveryControl;
const isProxyOffer = ({ options, yourAddress }: Packet) =>
  options.messageType === "offer" &&
  options.serverIdentifier === ours &&
  options.vendorClass === "PXEClient" &&
  yourAddress === "0.0.0.0";

/** One power-on: how many DISCOVERs until it loads something, and what. As EDK2 waits, four in a row. */
async function powerOn(mac: string, { takes }: FirmwareModel): Promise<{ discovers: number; loads: string }> {
  for (let attempt = 0; attempt < 4; attempt++) {
    for (const [n, waitMs] of [4_000, 8_000, 16_000, 32_000].entries()) {
      nowMs += waitMs;
      const offer = await exchange(67, question(mac, "discover"));
      const discovers = attempt * 4 + n + 1;
      const choice = takes(offer);
      if (choice === "its file" && offer?.file) {
        memory.tactics.advanced(mac);
        return { discovers, loads: offer.file };
      }
      if (choice === "the other server") return { discovers, loads: "from the other server" };
      const served = choice === "a boot server" && (await exchange(4011, question(mac, "request")));
      if (served && served.file) return { discovers, loads: served.file };
    }
  }
  return { discovers: Infinity, loads: "nothing" };
}

const firmwares: readonly (readonly [name: string, FirmwareModel, discovers: number, loads: string])[] = [
  [
    "EDK2, which demands 53, 54, 60 and an option 43 that says to boot from the offer",
    { takes: (offer) => (offer && isProxyOffer(offer) && control(offer) === 8 ? "its file" : "nothing") },
    1,
    "snponly.efi",
  ],
  [
    "old firmware, which reads the BOOTP fields and no option 66 or 67",
    { takes: (offer) => (offer?.file && offer.serverAddress === ours ? "its file" : "nothing") },
    1,
    "snponly.efi",
  ],
  [
    "Dell T430 and T130, which do not keep proxy offers and ask the boot server anew (edk2 #6944)",
    {
      takes: (offer) => (offer && !offer.options.vendorSpecific && !offer.file ? "a boot server" : "nothing"),
    },
    3,
    "snponly.efi",
  ],
  [
    "DL380 Gen9 and ESXi, which choke on option 43 of a proxy under UEFI",
    { takes: (offer) => (offer?.file && !offer.options.vendorSpecific ? "its file" : "nothing") },
    5,
    "snponly.efi",
  ],
  [
    "HP laptops, which hear two offers and never request",
    { takes: (offer) => (offer ? "nothing" : "the other server") },
    7,
    "from the other server",
  ],
];

describe.each(firmwares)("%s", (_, model, discovers, loads) => {
  test("boots at last", async () => {
    expect(await powerOn("52:54:00:00:00:01", model)).toEqual({ discovers, loads });
  });

  test("boots at once from then on, and so does the next machine of its kind", async () => {
    if (loads !== "snponly.efi") return;
    await powerOn("52:54:00:00:00:01", model);
    expect((await powerOn("52:54:00:00:00:01", model)).discovers).toBe(1);
    expect((await powerOn("52:54:00:00:00:02", model)).discovers).toBe(1);
  });
});

test("firmware that asks the boot server after an offer with a file is answered there too", async () => {
  await exchange(67, question("52:54:00:00:00:01", "discover"));
  expect(await exchange(4011, question("52:54:00:00:00:01", "request"))).toMatchObject({
    file: "snponly.efi",
    serverAddress: ours,
    options: {
      messageType: "ack",
      vendorClass: "PXEClient",
      clientMachineUuid: "4c4c4544-0042-3510-8052-b4c04f4d4d31",
    },
  });
});

test("a REQUEST on port 67 is for the server that gives addresses", async () => {
  expect(await exchange(67, question("52:54:00:00:00:01", "request"))).toBeUndefined();
});

test("what worked for a kind of firmware is said, once", async () => {
  const [, dell] = firmwares[2]!;
  for (const n of [1, 2, 3]) await powerOn(`52:54:00:00:00:0${n}`, dell);
  expect(memory.warnings).toEqual([
    'proxy tactic "boot server" works for 52:54:00 PXEClient:Arch:00007:UNDI:003016',
  ]);
});
