// `storm INTERFACE MACHINES SECONDS FILE…`: that many machines power on within that time and boot from whatever serves
// on the interface's wire. Prints one JSON object. The files are what the machines must be given.
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { openDeviceSocket } from "../dhcp/device-socket.ts";
import { systemClock } from "../system-clock.ts";
import { DhcpClient } from "./dhcp-client.ts";
import { boot, type SimulatedMachine } from "./machine.ts";

/** What is printed. */
export interface StormResult {
  /** From power-on to the last byte of the initramfs, of those that got there. */
  readonly bootMs: readonly number[];
  readonly failures: readonly string[];
  readonly repeatedDhcp: number;
  readonly refusedDhcp: number;
}

const [device = "", machineCount = "1", seconds = "1", ...files] = process.argv.slice(2);
const { signal } = new AbortController();
const socket = await openDeviceSocket(device, 68);
const dhcp = new DhcpClient(socket, systemClock);
const around = {
  dhcp,
  clock: systemClock,
  expected: new Map(files.map((file) => [basename(file), readFileSync(file)])),
};
const bootMs: number[] = [];
const failures: string[] = [];

await Promise.all(
  Array.from({ length: Number(machineCount) }, async (_, nth) => {
    const machine: SimulatedMachine = { mac: macOf(nth), firmware: nth % 2 === 0 ? "uefi" : "bios" };
    await systemClock.sleep(Math.random() * Number(seconds) * 1000, signal);
    const startMs = performance.now();
    try {
      await boot(machine, around);
      bootMs.push(performance.now() - startMs);
    } catch (error) {
      failures.push(`${machine.mac} ${machine.firmware}: ${String(error)}`);
    }
  }),
);
socket.close();
const { repeated: repeatedDhcp, refused: refusedDhcp } = dhcp;
console.log(JSON.stringify({ bootMs, failures, repeatedDhcp, refusedDhcp } satisfies StormResult));

function macOf(nth: number): string {
  const hex = nth.toString(16).padStart(6, "0");
  return `52:54:00:${hex.slice(0, 2)}:${hex.slice(2, 4)}:${hex.slice(4, 6)}`;
}
