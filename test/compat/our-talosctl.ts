import type { Io } from "../../talosctl/io.ts";
import { run } from "../../talosctl/program.ts";

export interface Outcome {
  readonly code: number;
  readonly out: string;
  readonly error: string;
}

export interface Listening {
  /** What the dashboard is drawn on, and the keys that are pressed. */
  readonly terminal?: Io["terminal"];
  /** A stream without an end has one when this is said. */
  readonly until?: RegExp | undefined;
  /** Sees what goes to standard output. */
  readonly see?: (text: string) => unknown;
  /** Hears what goes to standard error. */
  readonly hear?: (text: string) => unknown;
}

/** Runs a command line of our talosctl; an editor makes of a text what `edit` does. */
export async function ourTalosctl(
  environment: Io["environment"],
  words: readonly string[],
  { until, hear, see, terminal }: Listening = {},
  edit: (text: string) => string = (text) => text,
): Promise<Outcome> {
  const enough = new AbortController();
  const bytes: Buffer[] = [];
  let error = "";
  const said = (chunk: Buffer) => {
    bytes.push(chunk);
    if (until?.test(Buffer.concat(bytes).toString())) enough.abort();
  };
  const io: Io = {
    out: (text) => {
      said(Buffer.from(text));
      see?.(text);
    },
    error: (text) => {
      error += text;
      hear?.(text);
    },
    outBytes: (chunk) => Promise.resolve(said(Buffer.from(chunk))),
    environment,
    now: () => new Date(),
    signal: enough.signal,
    edit: (text) => Promise.resolve(edit(text)),
    ...(terminal && { terminal }),
  };
  const code = await run(words, io, "v1.13.0");
  return { code, out: Buffer.concat(bytes).toString(), error };
}
