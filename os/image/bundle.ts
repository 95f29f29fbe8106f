import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";

/** PID 1's program as one file, with the native part of koffi beside it (os/kernel loads it by path). */
export async function bundlePid1(
  project: string,
  folder: string,
  architecture: "x64" | "arm64",
): Promise<void> {
  await build({
    entryPoints: [join(project, "os/machined/main.ts")],
    outfile: join(folder, "machined.mjs"),
    bundle: true,
    platform: "node",
    format: "esm",
    target: "node26",
    minifySyntax: true,
    legalComments: "none",
    absWorkingDir: project,
    logLevel: "silent",
    // CommonJS packages inside an ES module look for these.
    banner: {
      js: 'import { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
    },
  });
  await copyFile(
    join(project, `node_modules/@koromix/koffi-linux-${architecture}/linux_${architecture}/koffi.node`),
    join(folder, "koffi.node"),
  );
}
