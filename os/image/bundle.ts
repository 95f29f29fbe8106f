import { copyFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build } from "esbuild";
import { digestOfFile } from "./cache.ts";
import { type CompileOptions, compileProgram } from "./compile-program.ts";

export interface Program {
  /** Of its text. */
  readonly sha256: string;
  /** Packages that it holds something of. */
  readonly npmPackages: readonly string[];
}

const koffi = "@koromix/koffi-linux-x64";

export interface BundleOptions extends CompileOptions {
  /** Another program in PID 1's place. */
  readonly entry?: string;
}

/** PID 1's program as one file, compiled, with the native part of koffi beside it (os/kernel loads it by path). */
export async function bundlePid1({
  project,
  folder,
  node,
  signal,
  entry = "os/machined/main.ts",
}: BundleOptions): Promise<Program> {
  const source = (file: string) => join(project, file);
  const settings = {
    bundle: true,
    platform: "node",
    // The only format that V8 can compile beforehand.
    format: "cjs",
    define: { "import.meta.dirname": "__dirname", "import.meta.url": "__filename" },
    target: "node26",
    // Names stay, for whoever reads where something broke; V8 keeps the text as long as the node runs.
    minifySyntax: true,
    minifyWhitespace: true,
    legalComments: "none",
    // Only what gRPC shows of itself to its own debuggers needs it.
    external: ["@grpc/proto-loader"],
    absWorkingDir: project,
    logLevel: "silent",
  } as const satisfies BuildOptions;
  const { metafile } = await build({
    ...settings,
    entryPoints: [source(entry)],
    outfile: join(folder, "program.js"),
    metafile: true,
    // As Node wraps a module; here, so that no node copies the text to do it.
    banner: { js: "(function (exports, require, module, __filename, __dirname) {" },
    footer: { js: "})" },
  });
  await build({
    ...settings,
    entryPoints: [source("os/machined/starter/main.ts")],
    outfile: join(folder, "machined.cjs"),
  });
  await copyFile(source(`node_modules/${koffi}/linux_x64/koffi.node`), join(folder, "koffi.node"));
  await compileProgram({ project, folder, node, signal });

  const files = Object.keys(metafile.inputs);
  const packages = files.flatMap((file) => /.*node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(file)?.[1] ?? []);
  return {
    sha256: await digestOfFile(join(folder, "program.js")),
    npmPackages: [...new Set([...packages, koffi])].sort(),
  };
}
