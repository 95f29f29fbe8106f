/** Which packets of a session were seen: replays and strays are refused. IPMI 2.0 §6.12.13. */
export class SequenceWindow {
  #newest = 0;
  /** Bit n: `newest - n` was seen. */
  #seen = 0;

  /** False for a number seen before or too far away. A packet is only asked about after its check was verified. */
  accept(sequence: number): boolean {
    const ahead = (sequence - this.#newest) | 0;
    if (ahead > windowSize || ahead <= -windowSize) return false;
    if (ahead > 0) {
      this.#seen = (ahead < 32 ? this.#seen << ahead : 0) | 1;
      this.#newest = sequence;
      return true;
    }
    const bit = 1 << -ahead;
    if ((this.#seen & bit) !== 0) return false;
    this.#seen |= bit;
    return true;
  }
}

/** The specification asks for at least 8 on either side and names 16 for RMCP+; a BMC that lost packets jumps ahead. */
const windowSize = 31;

/** Session sequence numbers begin at 1 and skip 0 when they wrap: 0 means "outside a session". */
export const nextSequence = (sequence: number): number => (sequence + 1) >>> 0 || 1;
