import { stat } from "node:fs/promises";
import { join } from "node:path";
import { imageFiles, type OpenImage, openImage } from "./image-folder.ts";

/** An image whose folder may be filled anew while it is served: what is there then is taken up once it is whole. */
export class FollowedImage {
  readonly #folder: string;
  #current: OpenImage;
  #seen: string;

  private constructor(folder: string, current: OpenImage, seen: string) {
    this.#folder = folder;
    this.#current = current;
    this.#seen = seen;
  }

  static async open(folder: string): Promise<FollowedImage> {
    // Before it is read: what changes meanwhile is looked at again.
    const seen = await traces(folder);
    return new FollowedImage(folder, await openImage(folder), seen);
  }

  get current(): OpenImage {
    return this.#current;
  }

  /** Whether there is another one than at the last look. Rejects, once for each change, while that is no image. */
  async look(): Promise<boolean> {
    const seen = await traces(this.#folder);
    if (seen === this.#seen) return false;
    this.#seen = seen;
    this.#current = await openImage(this.#folder);
    return true;
  }
}

/** What shows that one of its files was written. */
async function traces(folder: string): Promise<string> {
  const facts = await Promise.all(
    imageFiles.map(async (file) => {
      const found = await stat(join(folder, file)).catch(() => undefined);
      return found && [found.size, found.mtimeMs, found.ino];
    }),
  );
  return JSON.stringify(facts);
}
