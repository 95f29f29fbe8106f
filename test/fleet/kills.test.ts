import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { liveThroughKills } from "./kills.ts";

// The whole of it: `npm run bench -- kills`, 50 kills and 200 machines.
test("machines get where they should though the provisioner is killed, and none is wiped twice", async () => {
  const folder = await mkdtemp(join(tmpdir(), "fleet-kills-"));
  try {
    const { violations, wipes, configs } = await liveThroughKills({
      folder,
      machines: 8,
      kills: 4,
      seed: 7,
      lifeMs: 1_500,
      signal: AbortSignal.timeout(150_000),
    });
    expect(violations).toEqual([]);
    expect({ wipes, installed: configs.length }).toEqual({ wipes: 10, installed: 4 });
  } finally {
    await rm(folder, { recursive: true });
  }
}, 180_000);
