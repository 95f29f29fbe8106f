// Adaptive proxy: firmware disagrees about what a ProxyDHCP offer must look like. What each machine was offered, and
// whether it came on from there, is remembered; one that does not advance gets the next kind of offer.
import type { Clock } from "../clock.ts";

/** In the order in which they are tried. The first boots every firmware of the lab; each other saves one of the field. */
export const tactics = [
  /** Boot file in the offer, and option 43 says not to look for a boot server (EDK2 demands it). */
  "offer",
  /** No boot file in the offer: the firmware must ask on port 4011, as Intel's own PXE servers have it. */
  "boot server",
  /** Boot file in the offer but no option 43, and 4011 answered: for firmware that misreads discovery control. */
  "plain offer",
  /** No offer: some laptops that hear two servers never request from either. Alone, the other may send them here. */
  "silence",
] as const;
export type Tactic = (typeof tactics)[number];

interface Attempt {
  readonly tactic: Tactic;
  readonly vendor: string;
  /** Offers made since it last advanced. */
  offers: number;
  lastOfferMs: number;
}

/** Firmware repeats a DISCOVER within seconds for reasons of its own: a foreign server that is slow, a lost packet. */
const offersPerTactic = 2;
/** Closer together they are one burst on several interfaces or through several relays. */
const burstMs = 2_000;
const maxRemembered = 10_000;

export class TacticBook {
  readonly #clock: Clock;
  readonly #attempts = new Map<string, Attempt>();
  /** What worked, by vendor class and the maker's part of the MAC. */
  readonly #proven = new Map<string, Tactic>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Call once for every offer that is about to be made. */
  next(mac: string, vendorClass: string): Tactic {
    const now = this.#clock.now();
    const vendor = vendorOf(mac, vendorClass);
    const known = this.#attempts.get(mac);
    if (!known || known.vendor !== vendor) {
      const tactic = this.#proven.get(vendor) ?? tactics[0];
      remember(this.#attempts, mac, { tactic, vendor, offers: 1, lastOfferMs: now });
      return tactic;
    }
    if (now - known.lastOfferMs < burstMs) return known.tactic;
    known.lastOfferMs = now;
    if (known.offers < offersPerTactic) {
      known.offers++;
      return known.tactic;
    }
    const tactic = tactics[(tactics.indexOf(known.tactic) + 1) % tactics.length]!;
    remember(this.#attempts, mac, { tactic, vendor, offers: 1, lastOfferMs: now });
    return tactic;
  }

  /** The machine came for its loader. Returns the tactic if that is news for its kind of firmware. */
  advanced(mac: string): { readonly tactic: Tactic; readonly vendor: string } | undefined {
    const attempt = this.#attempts.get(mac);
    if (!attempt) return undefined;
    attempt.offers = 0;
    const { tactic, vendor } = attempt;
    if (this.#proven.get(vendor) === tactic) return undefined;
    remember(this.#proven, vendor, tactic);
    return { tactic, vendor };
  }
}

/** Shown to operators, so without what a terminal would obey. */
const vendorOf = (mac: string, vendorClass: string) =>
  `${mac.slice(0, 8)} ${vendorClass.slice(0, 64).replace(/[^ -~]/g, "?")}`;

function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  const [oldest] = map.keys();
  if (map.size > maxRemembered && oldest !== undefined) map.delete(oldest);
}
