// One simulated machine, from power-on to the last byte of its initramfs: what firmware and iPXE ask for, in their
// order and with their options, without the seconds that firmware waits for reasons of its own.

import { createHash } from "node:crypto";
import { Agent, get } from "node:http";
import { text } from "node:stream/consumers";
import type { Options } from "../../wire/dhcp/options.ts";
import type { Clock } from "../clock.ts";
import type { DhcpClient, Identity } from "./dhcp-client.ts";
import { readByTftp } from "./tftp-client.ts";

export interface Surroundings {
  readonly dhcp: DhcpClient;
  readonly clock: Clock;
  /** What each file must be, by the last word of its name. */
  readonly expected: ReadonlyMap<string, Buffer>;
}

export interface SimulatedMachine {
  readonly mac: string;
  readonly firmware: "bios" | "uefi";
}

export async function boot(machine: SimulatedMachine, around: Surroundings): Promise<void> {
  const { dhcp, clock, expected } = around;
  const first = await dhcp.lease(firmwareOf(machine));
  const read = { server: first.nextServer, address: first.address, file: first.file, clock };
  if (machine.firmware === "uefi") {
    await readByTftp({ ...read, options: { tsize: 0, blksize: 1468, windowsize: 4 }, onlySize: true });
  }
  const options =
    machine.firmware === "uefi" ? { blksize: 1468, windowsize: 4 } : { tsize: 0, blksize: 1456 };
  expectSame(first.file, await readByTftp({ ...read, options }), expected);

  const second = await dhcp.lease(ipxeOf(machine));
  const agent = new Agent({ keepAlive: true, maxSockets: 1, localAddress: second.address });
  try {
    const entry = await fetchText(second.file, agent);
    const script = await fetchText(addressIn(entry, "chain", machine), agent);
    for (const command of ["kernel", "initrd"]) {
      await fetchExpected(addressIn(script, command, machine), agent, expected);
    }
  } finally {
    agent.destroy();
  }
}

/** As real firmware introduces itself: wire/dhcp/captures. */
function firmwareOf({ mac, firmware }: SimulatedMachine): Identity {
  const number = firmware === "uefi" ? 7 : 0;
  const minor = firmware === "uefi" ? 16 : 1;
  return {
    mac,
    waitsMs: [4000, 8000, 16_000],
    options: {
      maximumMessageSize: 1472,
      clientMachineUuid: uuidOf(mac),
      clientArchitectures: [number],
      clientNetworkInterface: { type: 1, major: firmware === "uefi" ? 3 : 2, minor },
      vendorClass: `PXEClient:Arch:${String(number).padStart(5, "0")}:UNDI:00${firmware === "uefi" ? "3016" : "2001"}`,
      parameterRequestList,
    },
  };
}

function ipxeOf(machine: SimulatedMachine): Identity {
  const options: Options = {
    ...firmwareOf(machine).options,
    userClass: "iPXE",
    ipxe: { http: 1, tftp: 1, dns: 1, menu: 1, bzimage: 1 },
  };
  return { mac: machine.mac, waitsMs: [1000, 2000, 4000, 8000], options };
}

const parameterRequestList = Uint8Array.of(1, 2, 3, 4, 5, 6, 12, 13, 15, 17, 43, 54, 60, 66, 67, 97);

/** What iPXE would put for the variables of our scripts. */
function addressIn(script: string, command: string, { mac, firmware }: SimulatedMachine): string {
  const line = new RegExp(`^${command} .*?(http://\\S+)`, "m").exec(script);
  if (!line) throw new Error(`the script has no ${command}: ${JSON.stringify(script)}`);
  const hyphened = mac.replaceAll(":", "-");
  const variables: Readonly<Record<string, string>> = {
    uuid: uuidOf(mac),
    "netX/mac:hexhyp": hyphened,
    "net0/mac:hexhyp": hyphened,
    "serial:uristring": `SN${hyphened}`,
    "manufacturer:uristring": "Storm",
    buildarch: firmware === "uefi" ? "x86_64" : "i386",
    platform: firmware === "uefi" ? "efi" : "pcbios",
  };
  return line[1]!.replace(/\$\{([^}]+)\}/g, (_, name: string) => variables[name] ?? "");
}

function uuidOf(mac: string): string {
  const hex = createHash("sha256").update(mac).digest("hex");
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-8${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}

const open = (url: string, agent: Agent) =>
  new Promise<Parameters<NonNullable<Parameters<typeof get>[2]>>[0]>((resolve, reject) => {
    const request = get(url, { agent }, (response) => {
      if (response.statusCode === 200) return resolve(response);
      response.resume();
      return reject(new Error(`HTTP ${response.statusCode} for ${url}`));
    });
    request.on("error", reject);
  });

const fetchText = async (url: string, agent: Agent) => text(await open(url, agent));

/** Compares while it comes, so that a thousand machines do not hold a thousand images. */
async function fetchExpected(url: string, agent: Agent, expected: Surroundings["expected"]): Promise<void> {
  const wanted = expectedFor(url, expected);
  let at = 0;
  for await (const piece of (await open(url, agent)) as AsyncIterable<Buffer>) {
    if (wanted.compare(piece, 0, piece.length, at, at + piece.length) !== 0) throw differs(url, at);
    at += piece.length;
  }
  if (at !== wanted.length) throw differs(url, at);
}

function expectSame(name: string, content: Buffer, expected: Surroundings["expected"]): void {
  if (!content.equals(expectedFor(name, expected))) throw differs(name, content.length);
}

function expectedFor(name: string, expected: Surroundings["expected"]): Buffer {
  const wanted = expected.get(name.split(/[/-]/).at(-1) ?? "");
  if (!wanted) throw new Error(`nobody asked for ${name}`);
  return wanted;
}

const differs = (name: string, at: number) =>
  new Error(`${name} is not what it should be, at or before ${at}`);
