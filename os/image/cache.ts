import { createHash } from "node:crypto";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";

/** Folders kept under the digest of all that went into them: a second build does only what changed. */
export class Cache {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * The folder for these inputs; `make` fills it when it is not there yet. It appears whole or not at all, so that
   * an interrupted build is continued by starting it again.
   */
  async folder(name: string, inputs: unknown, make: (folder: string) => Promise<void>): Promise<string> {
    const digest = createHash("sha256").update(stable(inputs)).digest("hex");
    const target = join(this.#folder, `${name}-${digest.slice(0, 32)}`);
    if (await exists(target)) return target;

    await mkdir(this.#folder, { recursive: true });
    const work = await mkdtemp(join(this.#folder, `.${name}-`));
    try {
      await chmod(work, 0o755);
      await make(work);
      await rename(work, target).catch(async (error: unknown) => {
        // Another build made the same meanwhile.
        if (!(await exists(target))) throw error;
      });
    } finally {
      await rm(work, { recursive: true, force: true });
    }
    return target;
  }
}

/** JSON in which regular expressions count and the order of an object's fields does not. */
function stable(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => {
    if (part instanceof RegExp) return part.source;
    if (typeof part !== "object" || part === null || Array.isArray(part)) return part;
    return Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)));
  });
}

const exists = (path: string) =>
  stat(path).then(
    () => true,
    () => false,
  );

export const digestOfFile = async (file: string): Promise<string> =>
  createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
