// What the kernel has built on a disk (RAID, LVM, multipath) holds it: it is taken apart first, the topmost part first.
import { readdir, readFile } from "node:fs/promises";
import { basename, join } from "node:path";

export interface Holder {
  /** `md127`, `dm-0`. */
  readonly name: string;
  /** For people: `md127 (raid1)`, `vg-root (device mapper)`. */
  readonly label: string;
  /** What device mapper calls it; undefined for RAID. */
  readonly mapperName: string | undefined;
}

export interface Dismantle {
  stopRaid(name: string): Promise<void>;
  removeMapping(mapperName: string): Promise<void>;
}

/** Everything that is built on the disk, each before what it is built on. */
export async function holdersOf(sys: string, devPath: string): Promise<readonly Holder[]> {
  const order: string[] = [];
  const visit = async (folder: string): Promise<void> => {
    for (const name of await entries(join(folder, "holders"))) {
      if (!order.includes(name)) await visit(join(sys, "block", name));
      // Reached by two ways (a RAID of two of our partitions): once is enough.
      if (!order.includes(name)) order.push(name);
    }
    const own = basename(folder);
    for (const partition of await entries(folder))
      if (partition !== own && partition.startsWith(own)) await visit(join(folder, partition));
  };
  await visit(join(sys, "block", basename(devPath)));
  return Promise.all(order.map((name) => describe(sys, name)));
}

/** Takes it apart; resolves to what was taken apart, in words. */
export async function takeApart(sys: string, devPath: string, dismantle: Dismantle): Promise<string[]> {
  const done: string[] = [];
  for (const { name, label, mapperName } of await holdersOf(sys, devPath)) {
    try {
      await (mapperName === undefined ? dismantle.stopRaid(name) : dismantle.removeMapping(mapperName));
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new Error(`Cannot take ${label} apart, which ${devPath} is a part of: ${why}`, { cause });
    }
    done.push(label);
  }
  return done;
}

async function describe(sys: string, name: string): Promise<Holder> {
  const text = (path: string) =>
    readFile(join(sys, "block", name, path), "utf8").then(
      (it) => it.trim(),
      () => undefined,
    );
  const mapperName = await text("dm/name");
  if (mapperName !== undefined) return { name, label: `${mapperName} (device mapper)`, mapperName };
  return { name, label: `${name} (${(await text("md/level")) || "raid"})`, mapperName: undefined };
}

const entries = (folder: string): Promise<string[]> => readdir(folder).catch(() => []);
