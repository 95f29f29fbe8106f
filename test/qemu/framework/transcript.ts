import { watch } from "node:fs";
import { open, writeFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import { type Deadline, deadlineMs } from "./deadlines.ts";

/** What a machine wrote on its serial line, over all its boots; the file is what QEMU appends to. */
export class Transcript {
  readonly file: string;
  readonly #subject: string;

  constructor(subject: string, file: string) {
    this.#subject = subject;
    this.file = file;
  }

  /** Everything up to now. */
  async text(): Promise<string> {
    await using handle = await open(this.file, "a+");
    return handle.readFile("utf8");
  }

  /** Resolves to the match as soon as `pattern` appears behind `after` (a length of text). */
  async waitFor(
    pattern: RegExp,
    { within, after = 0 }: { within: Deadline; after?: number },
  ): Promise<RegExpExecArray> {
    await writeFile(this.file, "", { flag: "a" });
    const expiry = AbortSignal.timeout(deadlineMs[within]);
    const changed = changesOf(this.file, expiry);
    for (;;) {
      const match = pattern.exec((await this.text()).slice(after));
      if (match) {
        await changed.return();
        return match;
      }
      const next = await changed.next();
      if (next.done) throw new Error(await this.#story(pattern, within, after));
    }
  }

  /** Where the story stopped: what was awaited, and the last lines there are. */
  async #story(pattern: RegExp, within: Deadline, after: number): Promise<string> {
    const lines = (await this.text()).slice(after).trimEnd().split(/\r?\n/).slice(-15);
    return `${this.#subject} did not say ${pattern} within ${deadlineMs[within] / 1000} s (${within}). Its last lines:\n${lines.map((line) => `  | ${line}`).join("\n")}\nAll of it: ${this.file}`;
  }
}

/** One item for each time the file may have changed; ends when the signal aborts. */
async function* changesOf(file: string, signal: AbortSignal): AsyncGenerator<void, void, void> {
  let wake: () => void = () => {};
  let dirty = false;
  const notice = () => {
    dirty = true;
    wake();
  };
  const watcher = watch(dirname(file), (_, name) => {
    if (name === null || name === basename(file)) notice();
  });
  signal.addEventListener("abort", notice);
  try {
    while (!signal.aborted) {
      if (!dirty) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      dirty = false;
      yield;
    }
  } finally {
    watcher.close();
    signal.removeEventListener("abort", notice);
  }
}
