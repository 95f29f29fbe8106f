// Leases on disk: a line for every change, appended before the machine hears of it. Lines that wait while the disk is
// busy go out together, so a storm of machines costs few writes. Survives kill -9: a torn last line is dropped.
import { type FileHandle, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import type { LeaseChange } from "./leases.ts";
import { addressNumber, addressText } from "./subnet.ts";

export interface LeaseJournal extends AsyncDisposable {
  /** Resolves when the change would survive the end of this process; with `sync`, of the machine. */
  append(change: LeaseChange): Promise<void>;
  /**
   * Replaces the history by the present, when it has grown to many times its size. What was appended until now must be
   * in `present`; what is appended from now on comes behind it.
   */
  compact(present: Iterable<LeaseChange>): Promise<void>;
  readonly lines: number;
}

export interface JournalOptions {
  readonly path: string;
  /** Wait for the disk, and not only for the kernel, before a machine hears of its lease. */
  readonly sync: boolean;
}

/** Reads what is there, then appends to it. */
export async function openLeaseJournal({
  path,
  sync,
}: JournalOptions): Promise<{ journal: LeaseJournal; changes: readonly LeaseChange[] }> {
  try {
    const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return "";
      throw error;
    });
    const changes = parseJournal(text);
    await using opened = new AsyncDisposableStack();
    const journal = opened.use(new Journal(path, sync, await open(path, "a"), changes.length));
    // A torn line must not run into the next one.
    await journal.compact(changes);
    opened.move();
    return { journal, changes };
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot open the leases in ${path}: ${why}`, { cause });
  }
}

class Journal implements LeaseJournal {
  readonly #path: string;
  readonly #sync: boolean;
  #file: FileHandle;
  #waiting: { text: string; settle: PromiseWithResolvers<void> } | undefined;
  #writing: Promise<void> = Promise.resolve();
  lines: number;

  constructor(path: string, sync: boolean, file: FileHandle, lines: number) {
    this.#path = path;
    this.#sync = sync;
    this.#file = file;
    this.lines = lines;
  }

  append(change: LeaseChange): Promise<void> {
    this.lines++;
    if (this.#waiting) {
      this.#waiting.text += lineOf(change);
      return this.#waiting.settle.promise;
    }
    const batch = { text: lineOf(change), settle: Promise.withResolvers<void>() };
    this.#waiting = batch;
    this.#writing = this.#writing.then(() => this.#write(batch));
    return batch.settle.promise;
  }

  compact(present: Iterable<LeaseChange>): Promise<void> {
    // A change that still joined a batch before this would be written, acknowledged, and then replaced.
    this.#waiting = undefined;
    const done = this.#writing.then(() => this.#replace([...present].map(lineOf)));
    this.#writing = done.catch(() => undefined);
    return done;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
    await this.#file.close();
  }

  async #replace(lines: readonly string[]): Promise<void> {
    const fresh = `${this.#path}.new`;
    {
      await using file = await open(fresh, "w");
      await file.writeFile(lines.join(""));
      await file.datasync();
    }
    await rename(fresh, this.#path);
    // The new name itself must outlive a power cut, or the old history comes back.
    {
      await using folder = await open(dirname(this.#path), "r");
      await folder.sync();
    }
    await this.#file.close();
    this.#file = await open(this.#path, "a");
    this.lines = lines.length;
  }

  async #write(batch: { text: string; settle: PromiseWithResolvers<void> }): Promise<void> {
    if (this.#waiting === batch) this.#waiting = undefined;
    try {
      await this.#file.appendFile(batch.text);
      if (this.#sync) await this.#file.datasync();
      batch.settle.resolve();
    } catch (cause) {
      batch.settle.reject(new Error(`Cannot write the leases to ${this.#path}`, { cause }));
    }
  }
}

const lineOf = (change: LeaseChange): string => {
  const address = addressText(change.address);
  if (change.type === "bound") return `bound ${address} ${change.mac} ${change.expiresMs}\n`;
  if (change.type === "declined") return `declined ${address} ${change.untilMs}\n`;
  return `freed ${address}\n`;
};

/** Lines that are not whole are left out: the machine they were for never heard of its lease. */
export function parseJournal(text: string): LeaseChange[] {
  const lines = text.split("\n").slice(0, -1);
  return lines.map(parseLine).filter((change) => change !== undefined);
}

function parseLine(line: string): LeaseChange | undefined {
  const match = /^(bound|freed|declined) (\d+(?:\.\d+){3})(?: ([0-9a-f:]{17}))?(?: (\d{1,15}))?$/.exec(line);
  if (!match) return undefined;
  const [, type, text = "", mac, ms] = match;
  const address = addressNumber(text);
  if (type === "bound" && mac && ms) return { type, mac, address, expiresMs: Number(ms) };
  if (type === "declined" && ms) return { type, address, untilMs: Number(ms) };
  return type === "freed" ? { type, address } : undefined;
}
