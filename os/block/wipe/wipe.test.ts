import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { randomFrom } from "../../../workshop/mutate.ts";
import { signatures } from "../signatures.ts";
import { type Faults, memoryDisk } from "./memory-disk.ts";
import { type MethodName, methods, type Progress } from "./method.ts";
import { wipe } from "./wipe.ts";

const MiB = 1024 * 1024;
const kernelMethods = (Object.keys(methods) as MethodName[]).filter((name) => "passes" in methods[name]);
const ownMethods = (Object.keys(methods) as MethodName[]).filter((name) => "erase" in methods[name]);
const gpt = signatures.find(({ name }) => name === "gpt")!;

/** A disk full of somebody's data, with a partition table. */
function usedDisk(sizeBytes: number): Uint8Array {
  const contents = Buffer.alloc(sizeBytes, "somebody's data, ");
  contents.set(gpt.magic, gpt.offset);
  return contents;
}

async function run(
  contents: Uint8Array,
  wanted: MethodName | readonly MethodName[],
  faults: Faults = {},
  { signal = new AbortController().signal, samples = 200 } = {},
) {
  const progress: Progress[] = [];
  const result = await wipe({
    open: async () => memoryDisk(contents, faults),
    methods: [wanted].flat(),
    samples,
    random: randomFrom(1),
    progress: (_step, _method, it) => it && progress.push(it),
    pause: async () => {},
    signal,
  });
  return { result, progress };
}

describe("a wipe", () => {
  test.each(kernelMethods)("%s leaves no signature, and ends at all of its bytes", async (method) => {
    const contents = usedDisk(48 * MiB);
    const { result, progress } = await run(contents, method);
    expect(result).toMatchObject({ outcome: "wiped", method, proof: { samples: 200, mismatches: 0 } });
    expect(Buffer.from(contents).includes(Buffer.from(gpt.magic))).toBe(false);
    expect(progress.at(-1)!.doneBytes).toBe(progress.at(-1)!.totalBytes);
  });

  test.each(["zero", "overwrite"] as const)("%s leaves nothing but zeros", async (method) => {
    const contents = usedDisk(48 * MiB);
    await run(contents, method);
    expect(contents.every((byte) => byte === 0)).toBe(true);
  });

  test.each(["discard", "secureDiscard", "zero", ...ownMethods] as const)(
    "%s fails on a device that cannot do it, and is not weakened",
    async (method) => {
      const contents = usedDisk(48 * MiB);
      const { result } = await run(contents, method, { unsupported: ["discard", "secureDiscard", "zero"] });
      expect(result).toMatchObject({
        outcome: "failed",
        step: "erase",
        why: expect.stringMatching(/^none of the methods asked for is possible \(/),
      });
      expect(Buffer.from(contents).equals(Buffer.from(usedDisk(48 * MiB)))).toBe(true);
    },
  );

  test("goes by the first method that the disk can do", async () => {
    const faults = { unsupported: ["secureDiscard"] } as const;
    const { result } = await run(usedDisk(48 * MiB), ["nvmeFormat", "secureDiscard", "zero", "fast"], faults);
    expect(result).toMatchObject({ outcome: "wiped", method: "zero" });
  });

  test("fast goes without discard where the device has none", async () => {
    const { result } = await run(usedDisk(48 * MiB), "fast", { unsupported: ["discard"] });
    expect(result).toMatchObject({ outcome: "wiped", proof: { kind: "edges", mismatches: 0 } });
  });

  test("a discard that does not read as zeros is no discard", async () => {
    const { result } = await run(usedDisk(48 * MiB), "discard", { discarded: 0xa5 });
    expect(result).toMatchObject({
      outcome: "failed",
      step: "verify",
      why: expect.stringContaining("not zero"),
    });
  });

  test("a device that does not open, or dies, is a result with its step", async () => {
    const { result } = await run(usedDisk(48 * MiB), "overwrite", { failsFrom: 20 * MiB });
    expect(result).toMatchObject({ step: "erase", why: expect.stringContaining("EIO") });
    const closed = await wipe({
      open: () => Promise.reject(new Error("Cannot open: EBUSY")),
      methods: ["fast"],
      samples: 1,
      random: Math.random,
      progress: () => {},
      pause: async () => {},
      signal: new AbortController().signal,
    });
    expect(closed).toMatchObject({ outcome: "failed", step: "open", why: "Cannot open: EBUSY" });
  });

  test("a device that acknowledges and keeps its data is found out", async () => {
    const contents = usedDisk(2 * MiB);
    const liar = {
      ...memoryDisk(contents),
      overwrite: async () => {},
      command: async () => {},
    };
    const results = await Promise.all(
      (["zero", "secureDiscard", "overwrite", "fast"] as const).map((method) =>
        wipe({
          open: async () => ({ ...liar, [Symbol.asyncDispose]: async () => {} }),
          methods: [method],
          samples: 16,
          random: randomFrom(2),
          progress: () => {},
          pause: async () => {},
          signal: new AbortController().signal,
        }),
      ),
    );
    for (const result of results)
      expect(result).toMatchObject({ outcome: "failed", step: "verify", proof: { samples: 16 } });
  });

  test("every sample that is not erased counts", async () => {
    const { result } = await run(usedDisk(96 * MiB), "discard", { discarded: 9 }, { samples: 100 });
    const { mismatches } = result.proof!;
    // Two thirds of this disk lie between its ends.
    expect(mismatches).toBeGreaterThan(40);
    expect(mismatches).toBeLessThan(100);
  });

  test("stops between two ranges when told to", async () => {
    const contents = usedDisk(48 * MiB);
    const signal = AbortSignal.abort(new Error("the operator cancelled it"));
    const { result } = await run(contents, "overwrite", {}, { signal });
    expect(result).toMatchObject({ outcome: "failed", step: "erase", why: "the operator cancelled it" });
    expect(contents[0]).toBe("s".charCodeAt(0));
  });

  test("covers disks of any size, also those smaller than its steps", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 8, max: 80_000 }),
        fc.constantFrom(...kernelMethods),
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
