import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import * as z from "zod";

const inRoot = z.string().regex(/^(?!.*(^|\/)\.\.?(\/|$))[^/\0][^\0]*$/, "is not below the root");
const fromPackage = z.strictObject({ from: z.string(), file: inRoot });

const format = z.strictObject({
  /** Names the layer in the manifest, and `--extension` where the builder brings it. */
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  description: z.string().default(""),
  /** Programs of Debian packages, as contents.ts has them. */
  programs: z.array(fromPackage.extend({ names: z.array(inRoot).default([]) })).default([]),
  /** Files and whole folders of Debian packages. */
  data: z.array(fromPackage).default([]),
  /** Packages whose libraries may be taken when a program asks for them. */
  libraryPackages: z.array(z.string()).default([]),
  /** Regular expressions over the path below `kernel/`. */
  modules: z.array(z.string()).default([]),
  /** Files of its own: path in the root → path beside the extension's file. */
  files: z
    .record(z.string(), z.string())
    .refine(
      (files) => Object.keys(files).every((path) => inRoot.safeParse(path).success),
      "has a path that is not below the root",
    )
    .default({}),
  kernelArguments: z.array(z.string()).default([]),
});

/** What is added to an image, as a layer of its own above the root and above the extensions named before it. */
export interface Extension extends Omit<z.output<typeof format>, "modules" | "files"> {
  readonly modules: readonly RegExp[];
  /** Path in the root → content. */
  readonly files: Readonly<Record<string, Uint8Array>>;
}

/** Those that the builder brings, by their name; any other is a file. */
const own = join(import.meta.dirname, "extensions");

export async function readExtension(nameOrFile: string): Promise<Extension> {
  const file = /^[a-z][a-z0-9-]*$/.test(nameOrFile) ? join(own, `${nameOrFile}.json`) : nameOrFile;
  try {
    const said = format.parse(JSON.parse(await readFile(file, "utf8")));
    const contents = Object.entries(said.files).map(
      async ([path, source]) => [path, await readFile(join(dirname(file), source))] as const,
    );
    return {
      ...said,
      modules: said.modules.map((pattern) => new RegExp(pattern)),
      files: Object.fromEntries(await Promise.all(contents)),
    };
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new Error(`Cannot use the extension ${nameOrFile}: ${reason}`, { cause });
  }
}
