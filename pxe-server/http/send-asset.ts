// Bytes to a machine: HEAD, one range, ETag; paced for NICs that hang; one fair turn for every piece.
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Asset } from "../booter.ts";
import type { Clock } from "../clock.ts";
import { parseRange } from "./range.ts";
import type { Turns } from "./turns.ts";

const pieceBytes = 1 << 20;
/** A paced download is cut finer, so that it never runs ahead by more than a quarter of a second. */
const piecesPerSecond = 4;
/** A client that takes longer for a piece is slow by itself: its turn goes to the next. */
const turnMs = 250;

export interface SendOptions {
  readonly contentType: string;
  readonly turns: Turns;
  readonly clock: Clock;
  readonly paceBytesPerSecond?: number | undefined;
  /** After each piece. `sentBytes` counts from the start of the asset. */
  readonly onProgress: (sentBytes: number) => void;
}

/** Resolves to true when every byte asked for has been handed to the network. */
export async function sendAsset(
  request: IncomingMessage,
  response: ServerResponse,
  asset: Asset,
  options: SendOptions,
): Promise<boolean> {
  const { bytes } = asset;
  const etag = `"${asset.sha256.slice(0, 32)}"`;
  response.setHeader("etag", etag);
  response.setHeader("accept-ranges", "bytes");
  if (request.headers["if-none-match"] === etag) {
    response.writeHead(304).end();
    return true;
  }
  const ifRange = request.headers["if-range"];
  const wanted = ifRange === undefined || ifRange === etag ? request.headers.range : undefined;
  const range = parseRange(wanted, bytes.length);
  if (range.is === "unsatisfiable") {
    response.writeHead(416, { "content-range": `bytes */${bytes.length}`, "content-length": 0 }).end();
    return true;
  }
  const { from, to } = range.is === "part" ? range : { from: 0, to: bytes.length };
  if (range.is === "part") response.setHeader("content-range", `bytes ${from}-${to - 1}/${bytes.length}`);
  response.setHeader("content-type", options.contentType);
  response.setHeader("content-length", to - from);
  response.statusCode = range.is === "part" ? 206 : 200;
  if (request.method === "HEAD") {
    response.end();
    return true;
  }
  return sendPieces(response, bytes, from, to, options);
}

async function sendPieces(
  response: ServerResponse,
  bytes: Uint8Array,
  from: number,
  to: number,
  { turns, clock, paceBytesPerSecond, onProgress }: SendOptions,
): Promise<boolean> {
  const closed = new AbortController();
  response.once("close", () => closed.abort());
  const piece = paceBytesPerSecond
    ? Math.max(1024, Math.min(pieceBytes, Math.floor(paceBytesPerSecond / piecesPerSecond)))
    : pieceBytes;
  const startMs = clock.now();

  for (let at = from; at < to; ) {
    if (paceBytesPerSecond) {
      const dueMs = startMs + ((at - from) / paceBytesPerSecond) * 1000;
      if (!(await waitUntil(dueMs, clock, closed.signal))) return false;
    }
    using turn = await turns.take();
    if (closed.signal.aborted) return false;
    const next = Math.min(at + piece, to);
    if (!response.write(bytes.subarray(at, next)) && !(await drained(response, turn, clock, closed.signal))) {
      return false;
    }
    at = next;
    onProgress(at);
  }
  response.end();
  return true;
}

async function waitUntil(dueMs: number, clock: Clock, signal: AbortSignal): Promise<boolean> {
  const ms = dueMs - clock.now();
  if (ms <= 0) return !signal.aborted;
  return clock.sleep(ms, signal).then(
    () => true,
    () => false,
  );
}

/** Resolves to false when the client has gone. Gives the turn away meanwhile if it takes long. */
async function drained(
  response: ServerResponse,
  turn: Disposable,
  clock: Clock,
  closed: AbortSignal,
): Promise<boolean> {
  if (closed.aborted) return false;
  const settled = new AbortController();
  const giveUpTurn = clock.sleep(turnMs, settled.signal).then(
    () => turn[Symbol.dispose](),
    () => undefined,
  );
  const outcome = await new Promise<boolean>((resolve) => {
    const onDrain = () => settle(true);
    const onClose = () => settle(false);
    const settle = (result: boolean) => {
      response.off("drain", onDrain);
      closed.removeEventListener("abort", onClose);
      resolve(result);
    };
    response.once("drain", onDrain);
    closed.addEventListener("abort", onClose, { once: true });
  });
  settled.abort();
  await giveUpTurn;
  return outcome;
}
