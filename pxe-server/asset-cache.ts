// Boot files of the provisioner, kept on this segment under their digest: what is here is never fetched again, an
// interrupted transfer goes on where it ended, and a rack keeps booting while the provisioner is away.
import { mkdir, open, readdir, readFile, rename, rm, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { readAsset } from "./asset-file.ts";
import type { Asset } from "./booter.ts";
import type { Clock } from "./clock.ts";

export interface ListedAsset {
  readonly name: string;
  /** Lower case hexadecimal; the file's name on disk. */
  readonly sha256: string;
  readonly sizeBytes: number;
}

export interface AssetCacheOptions {
  readonly folder: string;
  readonly maxDiskBytes: number;
  readonly maxMemoryBytes: number;
  readonly fetch: (sha256: string, offsetBytes: number, signal: AbortSignal) => AsyncIterable<Uint8Array>;
  readonly clock: Clock;
  readonly onWarning: (text: string) => void;
  /** Ends transfers under way. */
  readonly signal: AbortSignal;
}

const retryMs = 2_000;
/** In a row and without one more byte: then somebody else may have the turn. */
const maxFailures = 3;
const partial = ".part";

const index = z.array(
  z.strictObject({ name: z.string(), sha256: z.string().regex(/^[0-9a-f]{64}$/), sizeBytes: z.int().min(0) }),
);
const indexFile = "index.json";

/** Begins with what was listed when the process before this one ended. */
export async function openAssetCache(options: AssetCacheOptions): Promise<AssetCache> {
  const { folder, onWarning } = options;
  await mkdir(folder, { recursive: true });
  const cache = new AssetCache(options);
  try {
    cache.replaceList(index.parse(JSON.parse(await readFile(join(folder, indexFile), "utf8"))));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") {
      onWarning(`cannot read the list of assets in ${folder}, waiting for a new one: ${reason(error)}`);
    }
  }
  return cache;
}

export class AssetCache {
  readonly #options: AssetCacheOptions;
  readonly #byName = new Map<string, ListedAsset>();
  readonly #listed = new Set<string>();
  /** Least recently used first. */
  readonly #inMemory = new Map<string, Asset>();
  readonly #underWay = new Map<string, Promise<Asset>>();

  constructor(options: AssetCacheOptions) {
    this.#options = options;
  }

  /** What plans may name from now on, and after a restart; everything else may go when room is needed. */
  async list(assets: readonly ListedAsset[]): Promise<void> {
    this.replaceList(assets);
    const path = join(this.#options.folder, indexFile);
    await writeFile(`${path}.new`, JSON.stringify(assets), { flush: true });
    await rename(`${path}.new`, path);
  }

  replaceList(assets: readonly ListedAsset[]): void {
    this.#byName.clear();
    this.#listed.clear();
    for (const asset of assets) {
      this.#byName.set(asset.name, asset);
      this.#listed.add(asset.sha256);
    }
    for (const sha256 of this.#inMemory.keys()) if (!this.#listed.has(sha256)) this.#inMemory.delete(sha256);
  }

  /** Fetches what is listed and fits, one after another, before a machine asks for it. */
  async fetchListed(): Promise<void> {
    let room = this.#options.maxDiskBytes;
    for (const wanted of [...this.#byName.values()]) {
      room -= wanted.sizeBytes;
      if (room < 0 || !this.#listed.has(wanted.sha256)) continue;
      try {
        await this.#keepOnDisk(wanted);
      } catch (error) {
        this.#options.signal.throwIfAborted();
        this.#options.onWarning(reason(error));
      }
    }
  }

  /** The verified bytes of what the list names so; fetches them when they are not here. */
  async asset(name: string): Promise<Asset | undefined> {
    const wanted = this.#byName.get(name);
    if (!wanted) return undefined;
    const known = this.#inMemory.get(wanted.sha256);
    if (known) {
      this.#remember(known);
      return known;
    }
    const underWay = this.#underWay.get(wanted.sha256) ?? this.#begin(wanted);
    const asset = await underWay;
    this.#remember(asset);
    return asset;
  }

  async #keepOnDisk(wanted: ListedAsset): Promise<void> {
    const size = await sizeOf(this.#path(wanted.sha256));
    if (size !== wanted.sizeBytes) await (this.#underWay.get(wanted.sha256) ?? this.#begin(wanted));
  }

  #begin(wanted: ListedAsset): Promise<Asset> {
    const load = this.#load(wanted).finally(() => this.#underWay.delete(wanted.sha256));
    this.#underWay.set(wanted.sha256, load);
    return load;
  }

  async #load(wanted: ListedAsset): Promise<Asset> {
    const { maxDiskBytes, signal, clock } = this.#options;
    const path = this.#path(wanted.sha256);
    let failures = 0;
    if (wanted.sizeBytes > maxDiskBytes) {
      throw new Error(
        `Cannot keep ${wanted.name}: its ${wanted.sizeBytes} bytes are more than the cache's ${maxDiskBytes}`,
      );
    }
    for (;;) {
      signal.throwIfAborted();
      const hadBytes = await sizeOf(path + partial);
      try {
        const asset = (await this.#onDisk(path, wanted)) ?? (await this.#transfer(path, wanted));
        const now = new Date(clock.now());
        await utimes(path, now, now);
        return asset;
      } catch (error) {
        if (signal.aborted) throw error;
        failures = (await sizeOf(path + partial)) === hadBytes ? failures + 1 : 0;
        if (failures === maxFailures || !this.#listed.has(wanted.sha256)) {
          throw new Error(`Cannot fetch ${wanted.name}: ${reason(error)}`, { cause: error });
        }
        await clock.sleep(retryMs, signal);
      }
    }
  }

  /** A file that rotted, or that was cut short by a power failure, is as good as none. */
  async #onDisk(path: string, { sha256, sizeBytes }: ListedAsset): Promise<Asset | undefined> {
    const size = await sizeOf(path);
    if (size === undefined) return undefined;
    const asset = size === sizeBytes ? await readAsset(path, this.#options.signal) : undefined;
    if (asset?.sha256 === sha256) return asset;
    await rm(path);
    return undefined;
  }

  async #transfer(path: string, { sha256, sizeBytes }: ListedAsset): Promise<Asset> {
    const { fetch, signal } = this.#options;
    await this.#makeRoom(sizeBytes, sha256);
    const part = path + partial;
    {
      await using file = await open(part, "a");
      let { size } = await file.stat();
      if (size < sizeBytes) {
        for await (const chunk of fetch(sha256, size, signal)) {
          size += chunk.length;
          if (size > sizeBytes) break;
          await file.appendFile(chunk);
        }
      }
      if (size > sizeBytes) await file.truncate(0);
      if (size < sizeBytes) throw new Error(`the transfer ended at byte ${size} of ${sizeBytes}`);
      await file.datasync();
    }
    const asset = await readAsset(part, signal);
    if (asset.sha256 !== sha256) {
      await rm(part);
      throw new Error(`what came has the digest ${asset.sha256}`);
    }
    await rename(part, path);
    return asset;
  }

  #remember(asset: Asset): void {
    this.#inMemory.delete(asset.sha256);
    this.#inMemory.set(asset.sha256, asset);
    let total = 0;
    for (const { bytes } of this.#inMemory.values()) total += bytes.length;
    for (const [sha256, { bytes }] of this.#inMemory) {
      if (total <= this.#options.maxMemoryBytes || sha256 === asset.sha256) return;
      this.#inMemory.delete(sha256);
      total -= bytes.length;
    }
  }

  /** What no plan names goes first, then what was used longest ago. */
  async #makeRoom(sizeBytes: number, forSha256: string): Promise<void> {
    const { folder, maxDiskBytes } = this.#options;
    const files = [];
    for (const name of await readdir(folder)) {
      const sha256 = name.slice(0, 64);
      if (!/^[0-9a-f]{64}(\.part)?$/.test(name) || sha256 === forSha256) continue;
      const { size, mtimeMs } = await stat(join(folder, name));
      if (!this.#underWay.has(sha256))
        files.push({ name, size, mtimeMs, isListed: this.#listed.has(sha256) });
    }
    files.sort((a, b) => Number(a.isListed) - Number(b.isListed) || a.mtimeMs - b.mtimeMs);
    let total = sizeBytes + files.reduce((sum, { size }) => sum + size, 0);
    for (const { name, size, isListed } of files) {
      const isDead = !isListed && name.endsWith(partial);
      if (total <= maxDiskBytes && !isDead) continue;
      await rm(join(folder, name));
      total -= size;
    }
  }

  #path(sha256: string): string {
    return join(this.#options.folder, sha256);
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

const reason = (error: unknown) => (error instanceof Error ? error.message : String(error));
