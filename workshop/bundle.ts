// `npm run bundle [-- FOLDER]`: every program, and what programs share, in out/bundle/bin, as it is shipped. PID 1's is made with its image.
import { existsSync } from "node:fs";
import { chmod, cp, mkdir, rm } from "node:fs/promises";
import { join, resolve } from "node:path";
import { build } from "esbuild";

const root = join(import.meta.dirname, "..");
const out = resolve(process.argv[2] ?? join(root, "out/bundle"));

/** Programs by the name of their bundle; `worker` is a thread of pxe, `checkpoint` one of ingot. */
const programs = {
  ingot: "provisioner/main.ts",
  pxe: "pxe-server/main.ts",
  bmc: "bmc/main.ts",
  talosctl: "talosctl/main.ts",
  worker: "pxe-server/tftp/worker.ts",
  checkpoint: "cosi/stores/sqlite/checkpoint.ts",
  "rotate-keys": "provisioner/rotate-keys/main.ts",
};

// Chunks have names of their own in every build.
await rm(join(out, "bin"), { recursive: true, force: true });
await mkdir(out, { recursive: true });
await cp(join(root, "assets"), join(out, "assets"), { recursive: true });
// Set-up fetched them; without them `ingot pxe` says where they come from.
const loaders = join(root, "out/ipxe");
if (existsSync(loaders)) await cp(loaders, join(out, "out/ipxe"), { recursive: true });
await cp(join(root, "LICENSE"), join(out, "LICENSE"));
const { metafile } = await build({
  entryPoints: Object.entries(programs).map(([name, file]) => ({ in: join(root, file), out: name })),
  outdir: join(out, "bin"),
  outExtension: { ".js": ".mjs" },
  bundle: true,
  // Modules stay modules: what a program loads only sometimes, and what waits at its top level, is a file of its own.
  splitting: true,
  platform: "node",
  format: "esm",
  target: "node26",
  minifySyntax: true,
  sourcemap: "linked",
  external: ["esbuild", "koffi"],
  metafile: true,
  // CommonJS packages inside an ES module look for these.
  banner: {
    js: '#!/usr/bin/env node\nimport { createRequire as requireFrom } from "node:module"; const require = requireFrom(import.meta.url);',
  },
});
await chmod(join(out, "bin/ingot.mjs"), 0o755);
for (const [file, { bytes }] of Object.entries(metafile.outputs)) {
  if (file.endsWith(".mjs")) console.log(`${(bytes / 1024).toFixed(0).padStart(6)} KiB  ${file}`);
}
