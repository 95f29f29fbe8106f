import { appendFile, mkdtemp, readFile, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { Clock } from "../clock.ts";
import { openLeaseJournal } from "./lease-journal.ts";
import { type LeaseChange, Leases } from "./leases.ts";
import { addressNumber, addressText } from "./subnet.ts";

const pool = { from: addressNumber("192.0.2.10"), to: addressNumber("192.0.2.12") };
const mac = (n: number) => `52:54:00:00:00:${n.toString(16).padStart(2, "0")}`;

let nowMs: number;
const clock: Clock = {
  now: () => nowMs,
  every: () => ({ [Symbol.dispose]: () => {} }),
  sleep: () => Promise.reject(new Error("nobody sleeps here")),
};
const offer = (leases: Leases, n: number, wanted?: string) => {
  const address = leases.offer(mac(n), wanted === undefined ? undefined : addressNumber(wanted));
  return address === undefined ? undefined : addressText(address);
};
const bind = (leases: Leases, n: number, address: string, seconds = 60) => {
  const change: LeaseChange = {
    type: "bound",
    mac: mac(n),
    address: addressNumber(address),
    expiresMs: nowMs + seconds * 1000,
  };
  leases.apply(change);
  return change;
};

beforeEach(() => {
  nowMs = 1_000_000;
});

describe("leases", () => {
  test("give each machine its own address, and the same again", () => {
    const leases = new Leases(pool, { clock });
    expect([1, 2, 1, 3].map((n) => offer(leases, n))).toEqual([
      "192.0.2.10",
      "192.0.2.11",
      "192.0.2.10",
      "192.0.2.12",
    ]);
  });

  test("run dry without failing, and go on when an offer was not taken", () => {
    const leases = new Leases(pool, { clock });
    expect([1, 2, 3, 4].map((n) => offer(leases, n)).at(-1)).toBeUndefined();
    nowMs += 31_000;
    expect(offer(leases, 4)).toBe("192.0.2.10");
  });

  test("give a machine the address it asks for when nobody has it", () => {
    const leases = new Leases(pool, { clock });
    expect(offer(leases, 1, "192.0.2.12")).toBe("192.0.2.12");
    expect(offer(leases, 2, "192.0.2.12")).toBe("192.0.2.10");
    expect(offer(leases, 3, "198.51.100.1")).toBe("192.0.2.11");
  });

  test("keep an address for the machine that had it while others are free", () => {
    const leases = new Leases(pool, { clock });
    bind(leases, 1, "192.0.2.10");
    nowMs += 61_000;
    expect(offer(leases, 2)).toBe("192.0.2.11");
    expect(offer(leases, 1)).toBe("192.0.2.10");
  });

  test("never give out a reserved address", () => {
    const leases = new Leases(pool, { clock, reserved: [addressNumber("192.0.2.10")] });
    expect([1, 2, 3].map((n) => offer(leases, n))).toEqual(["192.0.2.11", "192.0.2.12", undefined]);
  });

  test("leave a declined address alone for its time", () => {
    const leases = new Leases(pool, { clock });
    bind(leases, 1, "192.0.2.10");
    leases.apply({ type: "declined", address: pool.from, untilMs: nowMs + 600_000 });
    expect([1, 2, 3].map((n) => offer(leases, n))).toEqual(["192.0.2.11", "192.0.2.12", undefined]);
    nowMs += 601_000;
    expect(offer(leases, 3)).toBeDefined();
  });

  test("free an address that was released", () => {
    const leases = new Leases(pool, { clock });
    for (const n of [1, 2, 3]) bind(leases, n, offer(leases, n)!);
    leases.apply({ type: "freed", address: addressNumber("192.0.2.11") });
    expect(offer(leases, 4)).toBe("192.0.2.11");
  });
});

describe("the journal", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "ingot-leases-"));
    path = join(folder, "leases");
  });
  afterEach(() => rm(folder, { recursive: true }));

  test("gives back what was appended", async () => {
    const leases = new Leases(pool, { clock });
    const changes = [bind(leases, 1, "192.0.2.10"), bind(leases, 2, "192.0.2.11")];
    // Open all the while: a process that is killed does not close its files.
    await using killed = (await openLeaseJournal({ path, sync: false })).journal;
    await Promise.all(changes.map((change) => killed.append(change)));
    const next = await openLeaseJournal({ path, sync: false });
    await next.journal[Symbol.asyncDispose]();
    expect(next.changes).toEqual(changes);
  });

  test("drops a line that was torn, and appends behind it", async () => {
    const bound: LeaseChange = { type: "bound", mac: mac(1), address: pool.from, expiresMs: 5 };
    const first = await openLeaseJournal({ path, sync: true });
    await first.journal.append(bound);
    await first.journal[Symbol.asyncDispose]();
    await appendFile(path, "bound 192.0.2.11 52:54:00");

    const second = await openLeaseJournal({ path, sync: true });
    expect(second.changes).toEqual([bound]);
    await second.journal.append({ type: "freed", address: pool.from });
    await second.journal[Symbol.asyncDispose]();
    expect(await readFile(path, "utf8")).toBe(`bound 192.0.2.10 ${mac(1)} 5\nfreed 192.0.2.10\n`);
  });

  test("is no longer than the present after it was compacted, whatever is appended meanwhile", async () => {
    const leases = new Leases(pool, { clock });
    const { journal } = await openLeaseJournal({ path, sync: false });
    for (let n = 0; n < 100; n++) await journal.append(bind(leases, 1, "192.0.2.10", n));
    const before = (await stat(path)).size;
    const [, ,] = await Promise.all([
      journal.append(bind(leases, 2, "192.0.2.11")),
      journal.compact(leases.snapshot()),
      journal.append(bind(leases, 3, "192.0.2.12")),
    ]);
    await journal[Symbol.asyncDispose]();
    expect((await stat(path)).size).toBeLessThan(before / 10);
    const { journal: again, changes } = await openLeaseJournal({ path, sync: false });
    const restored = new Leases(pool, { clock });
    for (const change of changes) restored.apply(change);
    expect([1, 2, 3].map((n) => restored.of(mac(n))?.address)).toEqual([pool.from, pool.from + 1, pool.to]);
    await again[Symbol.asyncDispose]();
  });

  test("keeps what is appended behind a compaction that waits for its turn", async () => {
    const leases = new Leases(pool, { clock });
    const { journal } = await openLeaseJournal({ path, sync: false });
    const first = journal.append(bind(leases, 1, "192.0.2.10"));
    const compacted = journal.compact([...leases.snapshot()]);
    const second = journal.append(bind(leases, 2, "192.0.2.11"));
    await Promise.all([first, compacted, second]);
    await journal[Symbol.asyncDispose]();
    const { journal: again, changes } = await openLeaseJournal({ path, sync: false });
    expect(changes).toMatchObject([{ address: pool.from }, { address: pool.from + 1 }]);
    await again[Symbol.asyncDispose]();
  });
});
