// Whether to believe a time server, and what to do then.
import { modes, type NtpPacket, timestampToMs, unsynchronized } from "./packet.ts";

/** What one server's answer comes to. */
export interface Sample {
  readonly server: string;
  /** What has to be added to our clock. */
  readonly offsetMs: number;
  readonly delayMs: number;
  readonly stratum: number;
}

export interface Exchange {
  readonly server: string;
  /** A number that only an answer to our question can hold. */
  readonly nonce: bigint;
  readonly sentAtMs: number;
  readonly tookMs: number;
}

/** RFC 5905 §7.3: further away, or less sure of itself, a server is of no use. */
const mostStrata = 15;
const mostDispersionMs = 16_000;

/** A sample, or a sentence why the answer is not believed. */
export function judgeAnswer(
  { server, nonce, sentAtMs, tookMs }: Exchange,
  answer: NtpPacket,
): Sample | string {
  const { head, stratum, originate, receive, transmit, reference, rootDelayMs, rootDispersionMs } = answer;
  if (head.mode !== modes.server) return `${server} answered in mode ${head.mode}, as no server does`;
  if (originate !== nonce) return `${server} answered a question that was not asked`;
  if (stratum === 0) return `${server} refuses: ${lettersOf(reference)}`;
  if (head.leap === unsynchronized) return `${server} does not know the time itself`;
  if (stratum > mostStrata) return `${server} is too far from any clock (stratum ${stratum})`;
  if (rootDelayMs / 2 + rootDispersionMs > mostDispersionMs) return `${server} is not sure of the time`;
  const serverTookMs = timestampToMs(transmit) - timestampToMs(receive);
  if (transmit === 0n || serverTookMs < 0) return `${server} sent before it received`;
  // RFC 5905 §8: the answer was as long on its way as the question, as far as anybody can know.
  const offsetMs = (timestampToMs(receive) - sentAtMs + (timestampToMs(transmit) - (sentAtMs + tookMs))) / 2;
  return { server, offsetMs, delayMs: Math.max(0, tookMs - serverTookMs), stratum };
}

/** Servers that differ by more than this, besides the time their answers were on the way, do not mean the same time. */
const agreementMs = 1000;

/** The most direct of those that most agree with; a sentence when there is no majority. */
export function chooseSample(samples: readonly Sample[]): Sample | string {
  if (samples.length === 0) return "no time server has answered";
  const agrees = (a: Sample, b: Sample) =>
    Math.abs(a.offsetMs - b.offsetMs) <= agreementMs + (a.delayMs + b.delayMs) / 2;
  const crowds = samples.map((one) => samples.filter((other) => agrees(one, other)));
  const largest = crowds.reduce((best, crowd) => (crowd.length > best.length ? crowd : best));
  if (largest.length * 2 <= samples.length) {
    return `the time servers disagree: ${samples.map(({ server, offsetMs }) => `${server} by ${(offsetMs / 1000).toFixed(1)} s`).join(", ")}`;
  }
  return largest.reduce((best, one) => (one.delayMs < best.delayMs ? one : best));
}

/** Beyond this, slewing takes longer than anything can wait (RFC 5905 §11.3 names the same). */
const stepAboveMs = 128;

/** The clock is stepped once, before anything depends on it, and when it is far off; otherwise it is slewed. */
export function correctionOf(offsetMs: number, { first }: { first: boolean }): "step" | "slew" | "none" {
  const off = Math.abs(offsetMs);
  if (off > stepAboveMs || (first && off > 1)) return "step";
  return off > 0.5 ? "slew" : "none";
}

const lettersOf = (code: number) => {
  const letters = [24, 16, 8, 0].map((shift) => String.fromCharCode((code >>> shift) & 0xff)).join("");
  return /^[A-Z]{4}$/.test(letters) ? letters : `code ${code}`;
};
