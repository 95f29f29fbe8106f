// Option negotiation: RFC 2347 (extension), 2348 (blksize), 2349 (timeout, tsize), 7440 (windowsize).

export interface Limits {
  /** Above the path's MTU a block is an IP fragment, which firmware drops. */
  readonly maxBlockSize: number;
  /** More than a NIC's receive ring holds is only lost and sent again. */
  readonly maxWindow: number;
}

export const defaultLimits: Limits = { maxBlockSize: 1468, maxWindow: 64 };

export interface Agreement {
  readonly blockSize: number;
  readonly window: number;
  /** What the client asked to wait before a retransmission; undefined leaves it to us. */
  readonly timeoutMs: number | undefined;
  /** The OACK's content, in the order of the request; empty when there is nothing to acknowledge. */
  readonly accepted: readonly (readonly [name: string, value: string])[];
}

/** Names that we do not know, and values outside their range, are left out: RFC 2347 §2 has the client go on without. */
export function negotiate(
  requested: ReadonlyMap<string, string>,
  sizeBytes: number,
  limits: Limits,
): Agreement {
  const accepted: [string, string][] = [];
  let blockSize = 512;
  let window = 1;
  let timeoutMs: number | undefined;
  for (const [name, text] of requested) {
    const value = wholeNumber(text);
    if (value === undefined) continue;
    if (name === "blksize" && value >= 8 && value <= 65_464) {
      blockSize = Math.min(value, limits.maxBlockSize);
      accepted.push([name, String(blockSize)]);
    } else if (name === "windowsize" && value >= 1 && value <= 65_535) {
      window = Math.min(value, limits.maxWindow);
      accepted.push([name, String(window)]);
    } else if (name === "timeout" && value >= 1 && value <= 255) {
      timeoutMs = value * 1000;
      accepted.push([name, text]);
    } else if (name === "tsize") {
      accepted.push([name, String(sizeBytes)]);
    }
  }
  return { blockSize, window, timeoutMs, accepted };
}

const wholeNumber = (text: string) => (/^\d{1,10}$/.test(text) ? Number(text) : undefined);
