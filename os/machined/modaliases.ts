import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/**
 * What every device there is says of itself. Buses list their devices flat: walking the tree below /sys/devices finds
 * the same few among thousands of folders. What describes the whole machine (DMI) is on no bus.
 */
export function modaliases(sys: string): string[] {
  const buses = join(sys, "bus");
  const devices = entriesOf(buses).flatMap((bus) => {
    const folder = join(buses, bus, "devices");
    return entriesOf(folder).map((device) => join(folder, device));
  });
  return [...devices, join(sys, "class/dmi/id")]
    .map((device) => textOf(join(device, "modalias")))
    .filter((text) => text !== "");
}

// Devices come and go while they are read, and many have no driver to ask for. Reading is not asynchronous because
// each answer comes at once from the kernel's memory: a pool of threads made it ten times as long.
const entriesOf = (folder: string): string[] => orGone(() => readdirSync(folder), []);
const textOf = (file: string): string => orGone(() => readFileSync(file, "utf8").trim(), "");

function orGone<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && "code" in error && gone.has(error.code)) return otherwise;
    throw error;
  }
}

const gone: ReadonlySet<unknown> = new Set(["ENOENT", "ENODEV", "ENOTDIR"]);
