import { globSync } from "node:fs";
import { basename, join } from "node:path";

const root = join(import.meta.dirname, "..");

/** The module `NAME.KIND.ts`, wherever in the tree it stands beside what it exercises. */
export async function findModule(kind: "bench" | "fuzz", name: string | undefined): Promise<unknown> {
  const files = globSync(`**/*.${kind}.ts`, { cwd: root, exclude: ["node_modules", "out"] });
  const found = files.find((file) => basename(file) === `${name}.${kind}.ts`);
  if (found) return import(join(root, found));

  const names = files.map((file) => basename(file, `.${kind}.ts`)).sort();
  throw new Error(`there is no ${kind} named ${name ?? "(none given)"}. There are: ${names.join(", ")}.`);
}
