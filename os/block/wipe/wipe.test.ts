import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../../../workshop/mutate.ts";
import { signatures } from "../signatures.ts";
import { type Faults, memoryDisk } from "./memory-disk.ts";
import { type MethodName, methods, type Progress } from "./method.ts";
import { wipe } from "./wipe.ts";

const MiB = 1024 * 1024;
const names = Object.keys(methods) as MethodName[];
const gpt = signatures.find(({ name }) => name === "gpt")!;

/** A disk full of somebody's data, with a partition table. */
function usedDisk(sizeBytes: number): Uint8Array {
  const contents = new Uint8Array(sizeBytes).fill(0x5a);
  contents.set(gpt.magic, gpt.offset);
  return contents;
}

async function run(
  contents: Uint8Array,
  method: MethodName,
  faults: Faults = {},
  signal = new AbortController().signal,
) {
  const progress: Progress[] = [];
  let time = 0;
  const result = await wipe({
    open: async () => memoryDisk(contents, faults),
    method,
    now: () => new Date(time++),
    random: randomFrom(1),
    progress: (it) => progress.push(it),
    signal,
  });
  return { result, progress };
}

describe("a wipe", () => {
  test.each(names)("%s leaves no signature, and ends at all of its bytes", async (method) => {
    const contents = usedDisk(48 * MiB);
    const { result, progress } = await run(contents, method);
    expect(result).toMatchObject({ outcome: "wiped", method });
    expect(Buffer.from(contents).includes(Buffer.from(gpt.magic))).toBe(false);
    expect(progress.at(-1)!.doneBytes).toBe(progress.at(-1)!.totalBytes);
  });

  test.each(["zero", "overwrite"] as const)("%s leaves nothing but zeros", async (method) => {
    const contents = usedDisk(48 * MiB);
    await run(contents, method);
    expect(contents.every((byte) => byte === 0)).toBe(true);
  });

  test.each(["discard", "secureDiscard", "zero"] as const)(
    "%s fails on a device that cannot do it, and is not weakened",
    async (method) => {
      const { result } = await run(usedDisk(48 * MiB), method, {
        unsupported: ["discard", "secureDiscard", "zero"],
      });
      expect(result).toMatchObject({
        outcome: "failed",
        step: "wipe",
        why: expect.stringContaining("EOPNOTSUPP"),
      });
    },
  );

  test("fast goes without discard where the device has none", async () => {
    const { result } = await run(usedDisk(48 * MiB), "fast", { unsupported: ["discard"] });
    expect(result).toMatchObject({ outcome: "wiped" });
  });

  test("a device that does not open, dies or lies is a result with its step", async () => {
    const faulty = (method: MethodName, faults: Faults) =>
      run(usedDisk(48 * MiB), method, faults).then(({ result }) => result);
    expect(await faulty("overwrite", { failsFrom: 20 * MiB })).toMatchObject({
      step: "wipe",
      why: expect.stringContaining("EIO"),
    });
    expect(await faulty("zero", { keeps: 7 })).toMatchObject({
      step: "verify",
      why: "Cannot verify memory: byte 7 is not zero",
    });
    const closed = await wipe({
      open: () => Promise.reject(new Error("Cannot open: EBUSY")),
      method: "fast",
      now: () => new Date(0),
      random: Math.random,
      progress: () => {},
      signal: new AbortController().signal,
    });
    expect(closed).toEqual({ outcome: "failed", method: "fast", step: "open", why: "Cannot open: EBUSY" });
  });

  test("stops between two ranges when told to", async () => {
    const contents = usedDisk(48 * MiB);
    const { result } = await run(
      contents,
      "overwrite",
      {},
      AbortSignal.abort(new Error("the operator cancelled it")),
    );
    expect(result).toMatchObject({ outcome: "failed", step: "wipe", why: "the operator cancelled it" });
    expect(contents[0]).toBe(0x5a);
  });

  test("covers disks of any size, also those smaller than its steps", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 8, max: 80_000 }),
        fc.constantFrom(...names),
        async (sectors, method) => {
          const contents = usedDisk(sectors * 512);
          const { result } = await run(contents, method);
          expect(result.outcome).toBe("wiped");
          expect(Buffer.from(contents).includes(Buffer.from(gpt.magic))).toBe(false);
        },
      ),
      { numRuns: 25 },
    );
  });
});
