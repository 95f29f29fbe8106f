import type { Target } from "./target.ts";

/** Between 0 and 1, as Math.random. */
export type Random = () => number;

export interface FragileDisk extends Target {
  /** Writes that it has taken. */
  readonly writes: number;
  /** The power goes just before it takes so many more. */
  cutAfter(writes: number): void;
  /**
   * What the next power-on finds: all that was flushed, and of what was not, each sector as it was, as it was to be, or
   * torn between the two, in whatever order the disk got to it.
   */
  powerOn(random: Random): void;
  copy(): FragileDisk;
}

const pageBytes = 4096;
type Pages = Map<number, Uint8Array>;

interface Write {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** A disk in memory with a cache that forgets: what nobody flushed may or may not survive a loss of power. */
export function fragileDisk(sizeBytes: number, sectorBytes = 512, pages: Pages = new Map()): FragileDisk {
  /** What is there as long as the power is. */
  let seen: Pages = pages;
  let kept: Pages = new Map(pages);
  let pending: Write[] = [];
  let left = Infinity;
  let writes = 0;

  const write = (offset: number, bytes: Uint8Array) => {
    if (offset % sectorBytes !== 0 || bytes.length % sectorBytes !== 0)
      throw new Error(`Cannot write ${bytes.length} bytes at ${offset}: EINVAL`);
    if (offset + bytes.length > sizeBytes) throw new Error(`Cannot write at ${offset}: ENOSPC`);
    if (left-- <= 0) throw new Error("the power is gone");
    writes++;
    const own = Uint8Array.from(bytes);
    pending.push({ offset, bytes: own });
    put(seen, offset, own);
  };

  return {
    ...{ path: "a fragile disk", sizeBytes, sectorBytes },
    get writes() {
      return writes;
    },
    cutAfter(count) {
      left = count;
    },
    powerOn(random) {
      for (const { offset, bytes } of shuffled(pending, random)) {
        // Most are all there or not at all: what is in between is rare, and told apart sector by sector.
        const luck = random();
        if (luck < 0.25) continue;
        if (luck < 0.5) put(kept, offset, bytes);
        else
          for (let at = 0; at < bytes.length; at += sectorBytes) {
            const fate = random();
            if (fate < 0.45) continue;
            const size = fate < 0.9 ? sectorBytes : Math.floor(random() * sectorBytes);
            put(kept, offset + at, bytes.subarray(at, at + size));
          }
      }
      pending = [];
      seen = new Map(kept);
      left = Infinity;
    },
    copy: () => fragileDisk(sizeBytes, sectorBytes, new Map(seen)),
    async read(offset, size) {
      if (left <= 0) throw new Error("the power is gone");
      return get(seen, offset, size);
    },
    async write(offset, bytes) {
      write(offset, bytes);
    },
    async overwrite(offset, length) {
      write(offset, new Uint8Array(length));
    },
    async flush() {
      if (left <= 0) throw new Error("the power is gone");
      for (const { offset, bytes } of pending) put(kept, offset, bytes);
      pending = [];
    },
  };
}

/** Pages are never changed, only replaced: copies share them. One of zeros is none. */
function put(pages: Pages, offset: number, bytes: Uint8Array): void {
  for (let done = 0; done < bytes.length; ) {
    const number = Math.floor((offset + done) / pageBytes);
    const start = (offset + done) % pageBytes;
    const size = Math.min(pageBytes - start, bytes.length - done);
    const page = size === pageBytes ? new Uint8Array(pageBytes) : Uint8Array.from(pages.get(number) ?? zeros);
    page.set(bytes.subarray(done, done + size), start);
    if (Buffer.compare(page, zeros) === 0) pages.delete(number);
    else pages.set(number, page);
    done += size;
  }
}

const zeros = new Uint8Array(pageBytes);

function get(pages: Pages, offset: number, size: number): Uint8Array {
  const bytes = new Uint8Array(size);
  for (let done = 0; done < size; ) {
    const start = (offset + done) % pageBytes;
    const length = Math.min(pageBytes - start, size - done);
    const page = pages.get(Math.floor((offset + done) / pageBytes));
    if (page) bytes.set(page.subarray(start, start + length), done);
    done += length;
  }
  return bytes;
}

function shuffled<T>(all: readonly T[], random: Random): T[] {
  return all
    .map((it) => [random(), it] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, it]) => it);
}
