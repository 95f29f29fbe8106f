// Network cards: what is plugged into the machine, not what was built on it.
import { existsSync } from "node:fs";
import { readdir, readFile, readlink } from "node:fs/promises";
import { basename, join } from "node:path";
import { askNetworkCard, type NetworkCard } from "../kernel/ethtool.ts";

export interface NetworkInterface {
  readonly name: string;
  readonly mac: string;
  /** As made, whatever it was changed to; the present one where the driver does not tell. */
  readonly permanentMac: string;
  readonly driver: string;
  readonly busPath: string;
  readonly firmwareVersion: string;
  readonly carrier: boolean;
  /** 0 while there is no link. */
  readonly speedMbps: number;
}

export async function listNetworkInterfaces(
  sys: string,
  ask: (name: string) => NetworkCard = askNetworkCard,
): Promise<NetworkInterface[]> {
  const folder = join(sys, "class/net");
  const names = (await readdir(folder).catch(() => [])).filter((name) =>
    existsSync(join(folder, name, "device")),
  );
  return Promise.all(names.sort().map((name) => readInterface(join(folder, name), ask)));
}

async function readInterface(folder: string, ask: (name: string) => NetworkCard): Promise<NetworkInterface> {
  const name = basename(folder);
  // Carrier and speed of an interface that is down cannot be read.
  const text = (path: string) =>
    readFile(join(folder, path), "latin1").then(
      (it) => it.trim(),
      () => "",
    );
  const mac = (await text("address")).toLowerCase();
  const card = cardOf(name, ask);
  const speed = Number(await text("speed"));
  return {
    name,
    mac,
    permanentMac: card?.permanentMac ?? mac,
    driver: card?.driver || basename(await readlink(join(folder, "device/driver")).catch(() => "")),
    busPath: (await readlink(folder)).replace(/^.*?devices\//, "/").replace(/\/net\/[^/]*$/, ""),
    firmwareVersion: card?.firmwareVersion ?? "",
    carrier: (await text("carrier")) === "1",
    speedMbps: speed > 0 ? speed : 0,
  };
}

/** Undefined where the driver answers none of it. */
function cardOf(name: string, ask: (name: string) => NetworkCard): NetworkCard | undefined {
  try {
    return ask(name);
  } catch {
    return undefined;
  }
}
