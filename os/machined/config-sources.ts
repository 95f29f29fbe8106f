import { readFile } from "node:fs/promises";

/** A place where a machine config may be. */
export interface ConfigSource {
  /** Behind "from": `the image`. */
  readonly name: string;
  /** Its text; undefined when there is none. Throws when there is one that cannot be read. */
  read(): Promise<string | undefined>;
}

/** The first that has one wins: what was applied to the machine goes before what it was made with. */
export const configSources: readonly ConfigSource[] = [
  { name: "the image", read: () => textOf("/usr/lib/ingot/machine-config.yaml") },
];

async function textOf(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
