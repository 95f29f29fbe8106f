import { statSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BenchModule } from "../../workshop/bench.ts";
import { buildImage } from "./build.ts";

const project = join(import.meta.dirname, "../..");
const goals = { metal: { megabytes: 100 }, virt: { megabytes: 70 } } as const;

/** Sizes and build times beside their goals: cold means an empty cache, downloads included. */
export const bench: BenchModule["bench"] = async ({ log }) => {
  const folder = await mkdtemp(join(tmpdir(), "ingot-image-bench-"));
  const build = async (profile: "virt" | "metal", offline: boolean, extensions: readonly string[] = []) => {
    const started = performance.now();
    const image = await buildImage({
      project,
      profile,
      extensions,
      out: join(folder, profile),
      cache: join(folder, "cache"),
      offline,
      progress: log,
      signal: new AbortController().signal,
    });
    const seconds = (performance.now() - started) / 1000;
    return { seconds, megabytes: (statSync(image.kernel).size + statSync(image.initramfs).size) / 1e6 };
  };
  try {
    const cold = await build("virt", false);
    const warm = await build("virt", true);
    // Its packages are those of the other profile.
    const metal = await build("metal", true);
    const containers = await build("metal", false, ["containers"]);
    const lower = { better: "lower" } as const;
    return [
      { name: "image build, cold", unit: "s", ours: cold.seconds, peer: 180, ...lower },
      { name: "image build, warm", unit: "s", ours: warm.seconds, peer: 20, ...lower },
      { name: "image virt", unit: "MB", ours: cold.megabytes, peer: goals.virt.megabytes, ...lower },
      { name: "image metal with containers", unit: "MB", ours: containers.megabytes, peer: 140, ...lower },
      { name: "image metal", unit: "MB", ours: metal.megabytes, peer: goals.metal.megabytes, ...lower },
    ];
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
};
