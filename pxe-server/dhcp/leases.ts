// Who has which address. Keyed by MAC: firmware, iPXE and the operating system of one machine present different
// client identifiers, and a boot must not cost three addresses.
import type { Clock } from "../clock.ts";

export interface Lease {
  readonly mac: string;
  readonly address: number;
  readonly expiresMs: number;
}

/** What must be remembered over a restart. */
export type LeaseChange =
  | ({ readonly type: "bound" } & Lease)
  | { readonly type: "freed"; readonly address: number }
  /** Somebody else uses it: offered to nobody until then. */
  | { readonly type: "declined"; readonly address: number; readonly untilMs: number };

/** An inclusive range. */
export interface Pool {
  readonly from: number;
  readonly to: number;
}

/** Long enough for a client that collects offers; EDK2 takes 4 s. */
const offerMs = 30_000;
const sweepMs = 5_000;

export class Leases implements Disposable {
  readonly #clock: Clock;
  readonly #pool: Pool;
  readonly #byMac = new Map<string, Lease>();
  /** Taken addresses: a MAC, or nobody where it was declined. */
  readonly #taken = new Map<number, { readonly mac: string | undefined; readonly untilMs: number }>();
  readonly #reserved: ReadonlySet<number>;
  /** Addresses that were given back, oldest first: a machine that returns may still find its own. */
  readonly #free = new Set<number>();
  #neverUsed: number;
  readonly #sweep: Disposable;

  /** Reserved addresses may lie in the pool; only `reserve` gives them out. */
  constructor(pool: Pool, { clock, reserved = [] }: { clock: Clock; reserved?: Iterable<number> }) {
    this.#clock = clock;
    this.#pool = pool;
    this.#reserved = new Set(reserved);
    this.#neverUsed = pool.from;
    this.#sweep = clock.every(sweepMs, () => this.#findExpired());
  }

  get size(): number {
    return this.#taken.size;
  }

  of(mac: string): Lease | undefined {
    const lease = this.#byMac.get(mac);
    return lease && lease.expiresMs > this.#clock.now() ? lease : undefined;
  }

  /** May this machine have this address now? */
  isFreeFor(mac: string, address: number): boolean {
    if (address < this.#pool.from || address > this.#pool.to || this.#reserved.has(address)) return false;
    const holder = this.#taken.get(address);
    return !holder || holder.mac === mac || holder.untilMs <= this.#clock.now();
  }

  /** Sets an address aside for a machine: the one it has or had, the one it asks for, or the longest unused. */
  offer(mac: string, wanted: number | undefined): number | undefined {
    const now = this.#clock.now();
    const had = this.#byMac.get(mac);
    if (had && this.isFreeFor(mac, had.address)) {
      if (had.expiresMs < now + offerMs) this.#take(mac, had.address, now + offerMs);
      return had.address;
    }
    const address = wanted !== undefined && this.isFreeFor(mac, wanted) ? wanted : this.#next(mac);
    if (address !== undefined) this.#take(mac, address, now + offerMs);
    return address;
  }

  apply(change: LeaseChange): void {
    if (change.type === "bound") return this.#take(change.mac, change.address, change.expiresMs);
    const holder = this.#taken.get(change.address)?.mac;
    if (change.type === "freed") return this.#giveBack(change.address, holder);
    if (holder !== undefined) this.#byMac.delete(holder);
    this.#free.delete(change.address);
    this.#taken.set(change.address, { mac: undefined, untilMs: change.untilMs });
    return undefined;
  }

  /** What a fresh journal must hold. */
  *snapshot(): Generator<LeaseChange> {
    const now = this.#clock.now();
    for (const lease of this.#byMac.values()) if (lease.expiresMs > now) yield { type: "bound", ...lease };
    for (const [address, { mac, untilMs }] of this.#taken) {
      if (mac === undefined && untilMs > now) yield { type: "declined", address, untilMs };
    }
  }

  [Symbol.dispose](): void {
    this.#sweep[Symbol.dispose]();
  }

  #take(mac: string, address: number, expiresMs: number): void {
    const before = this.#byMac.get(mac);
    if (before && before.address !== address) this.#giveBack(before.address, undefined);
    const holder = this.#taken.get(address)?.mac;
    if (holder !== undefined && holder !== mac) this.#byMac.delete(holder);
    this.#free.delete(address);
    this.#byMac.set(mac, { mac, address, expiresMs });
    this.#taken.set(address, { mac, untilMs: expiresMs });
  }

  /** `last` is the machine that may have it back as long as nobody else took it. */
  #giveBack(address: number, last: string | undefined): void {
    this.#taken.set(address, { mac: last, untilMs: 0 });
    if (last !== undefined) this.#byMac.set(last, { mac: last, address, expiresMs: 0 });
    if (!this.#reserved.has(address)) this.#free.add(address);
  }

  #next(mac: string): number | undefined {
    while (this.#neverUsed <= this.#pool.to) {
      const address = this.#neverUsed++;
      if (!this.#taken.has(address) && this.isFreeFor(mac, address)) return address;
    }
    const free = this.#firstFree(mac);
    if (free !== undefined) return free;
    this.#findExpired();
    return this.#firstFree(mac);
  }

  #firstFree(mac: string): number | undefined {
    for (const address of this.#free) if (this.isFreeFor(mac, address)) return address;
    return undefined;
  }

  #findExpired(): void {
    const now = this.#clock.now();
    for (const [address, { untilMs }] of this.#taken) if (untilMs <= now) this.#free.add(address);
  }
}
