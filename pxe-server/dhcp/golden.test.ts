// What we answer to the packets of real firmware and systems, to the byte, with its text beside it.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { decode } from "../../wire/codec.ts";
import { packet } from "../../wire/dhcp/packet.ts";
import { openMemoryServer } from "./memory-server.ts";

const clock = {
  now: () => 1_700_000_000_000,
  every: () => ({ [Symbol.dispose]: () => {} }),
  sleep: () => Promise.reject(new Error("nobody sleeps here")),
};
const modes = {
  full: {
    mode: "full",
    subnets: [
      {
        subnet: "192.0.2.0/24",
        pool: ["192.0.2.100", "192.0.2.199"],
        routers: ["192.0.2.254"],
        dns: ["192.0.2.53"],
        domain: "lab.example",
      },
    ],
  },
  proxy: { mode: "proxy" },
} as const;

const rows = (bytes: Uint8Array) => bytes.toHex().replaceAll(/.{64}/g, "$&\n").trimEnd();
const text = (_: string, value: unknown) => (value instanceof Uint8Array ? value.toHex() : value);

test.each([
  ["full", 67, "edk2-pxe-discover"],
  ["full", 67, "edk2-http-discover"],
  ["full", 67, "ipxe-bios-discover"],
  ["full", 67, "snponly-discover"],
  ["full", 67, "dhclient-discover"],
  ["full", 67, "udhcpc-discover"],
  ["proxy", 67, "edk2-pxe-discover"],
  ["proxy", 67, "edk2-http-discover"],
  ["proxy", 67, "ipxe-bios-discover"],
  ["proxy", 67, "snponly-discover"],
  ["proxy", 4011, "edk2-pxe-request"],
] as const)("a %s server answers on port %i to %s as captured", async (mode, port, name) => {
  await using memory = await openMemoryServer(modes[mode], clock);
  const question = readFileSync(join(import.meta.dirname, "../../wire/dhcp/captures", `${name}.hex`), "utf8");
  const [answer] = await memory.exchange(port, Uint8Array.fromHex(question.replaceAll(/\s/g, "")));
  const { bytes, ...to } = answer!;
  const golden = `to ${to.address}:${to.port}\n\n${rows(bytes)}\n\n${JSON.stringify(decode(packet, bytes), text, 2)}\n`;
  await expect(golden).toMatchFileSnapshot(`captures/${mode}-${port}-${name}.txt`);
});
