// A simulated fleet: the real controllers, machines that are what they are, and everything that goes wrong.
import { describe, expect, test } from "vitest";
import { liveHistory } from "./history.ts";

describe("random histories of small sites", () => {
  const blocks = [0, 1, 2, 3, 4, 5];
  test.each(blocks)(
    "break nothing that must hold: block %i",
    async (block) => {
      const broken: string[] = [];
      for (let seed = block * 50; seed < block * 50 + 50; seed++) {
        const { violations } = await liveHistory({ seed });
        for (const violation of violations) broken.push(`seed ${seed}: ${violation}`);
      }
      expect(broken).toEqual([]);
    },
    120_000,
  );

  test("come to every end that there is", async () => {
    const ends = new Set<string>();
    for (let seed = 0; seed < 60; seed++) {
      for (const stage of (await liveHistory({ seed })).stages) ends.add(stage);
    }
    for (const end of ["pool", "running", "stopped", "failed", "cordoned", "rejected", "discovered"]) {
      expect([...ends]).toContain(end);
    }
  }, 120_000);

  test("end, though the provisioner dies in their last moment", async () => {
    expect((await liveHistory({ seed: 2_134_076_551 })).violations).toEqual([]);
  });

  test("happen again from the same seed, word for word", async () => {
    const [once, again]: [string[], string[]] = [[], []];
    await liveHistory({ seed: 11, story: (line) => once.push(line) });
    await liveHistory({ seed: 11, story: (line) => again.push(line) });
    expect(again).toEqual(once);
    expect(once.length).toBeGreaterThan(20);
  });
});
