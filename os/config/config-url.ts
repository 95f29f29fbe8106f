// `talos.config=URL`: what of the machine's own goes into it, and how the config behind it is got.
import { gunzipSync } from "node:zlib";

/** What a config server may want to know of a machine. Each is asked for only when the URL names it. */
export interface MachineFacts {
  readonly uuid: () => Promise<string>;
  readonly serial: () => Promise<string>;
  /** Of the port that has an address first: an URL with it waits for the network. */
  readonly mac: () => Promise<string>;
  readonly hostname: () => Promise<string>;
  /** One that was given to the machine (META's download code). */
  readonly code: () => Promise<string>;
}

const variable = /\$\{(uuid|serial|mac|hostname|code)\}/g;

export async function expandConfigUrl(text: string, facts: MachineFacts): Promise<URL> {
  const wanted = new Set([...text.matchAll(variable)].map((match) => match[1] as keyof MachineFacts));
  const values = new Map<string, string>();
  for (const name of wanted) values.set(name, encodeURIComponent(await facts[name]()));
  const url = new URL(text.replaceAll(variable, (_, name: string) => values.get(name) ?? ""));
  // The first form there was: `?uuid=` with nothing behind it.
  if (url.searchParams.get("uuid") === "") url.searchParams.set("uuid", await facts.uuid());
  return url;
}

export interface Download {
  readonly fetch: typeof fetch;
  /** Resolves after that time, and rejects when the signal aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly now: () => number;
  readonly failed: (reason: string) => void;
}

const totalMs = 3 * 60 * 60_000;
const attemptMs = 3 * 60_000;
const firstPauseMs = 1_000;
const longestPauseMs = 30_000;
const mostWords = 300;
const mostBytes = 16 * 1024 * 1024;

/** The server has none for this boot, and never will (410): a machine that boots once more may hear something else. */
export class BootIsOver extends Error {
  override readonly name = "BootIsOver";
}

/** Undefined when the server says that there is none for this machine (404); what may pass is tried again. */
export async function downloadConfig(
  url: URL,
  { fetch, pause, now, failed }: Download,
  signal: AbortSignal,
): Promise<string | undefined> {
  const end = now() + totalMs;
  for (let wait = firstPauseMs; ; wait = Math.min(wait * 2, longestPauseMs)) {
    let reason: string;
    try {
      const response = await fetch(url, {
        signal: AbortSignal.any([signal, AbortSignal.timeout(attemptMs)]),
      });
      if (response.status === 404) return undefined;
      if (response.ok) return configText(new Uint8Array(await response.arrayBuffer()));
      reason = await refusalOf(response);
      if (response.status === 410) throw new BootIsOver(`This boot gets no machine config: ${reason}`);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof BootIsOver) throw error;
      reason = innermost(error);
    }
    // Without its path, which may be a secret.
    if (now() + wait > end) throw new Error(`Cannot get the machine config from ${url.host}: ${reason}`);
    failed(`Cannot get the machine config from ${url.host} yet: ${reason}`);
    await pause(wait, signal);
  }
}

/** In the server's own words, of which pages for people are none. */
async function refusalOf(response: Response): Promise<string> {
  const isPlain = response.headers.get("content-type")?.startsWith("text/plain");
  const [line = ""] = isPlain ? (await firstBytes(response)).split("\n") : [];
  const words = line.replaceAll(/\p{C}/gu, "?").trim();
  return `the server says ${response.status}${words && `: ${words}`}`;
}

async function firstBytes({ body }: Response): Promise<string> {
  for await (const bytes of body ?? []) return Buffer.from(bytes.subarray(0, mostWords)).toString("utf8");
  return "";
}

/** As it is, or compressed by gzip, which is told by its first bytes (RFC 1952 §2.3.1). */
export function configText(bytes: Uint8Array): string {
  const plain =
    bytes[0] === 0x1f && bytes[1] === 0x8b ? gunzipSync(bytes, { maxOutputLength: mostBytes }) : bytes;
  return Buffer.from(plain).toString("utf8");
}

/** Node's fetch hides what happened behind "fetch failed". */
function innermost(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? innermost(error.cause) : error.message;
}
