// The files that machines boot, as pxe-servers may fetch them: by digest, so that two files are never mixed. Ingot's own
// image is one of them; a folder may hold the kernels of others.
import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { GrpcError } from "../../api/grpc/error.ts";
import { type Clock, sleep } from "../../cosi/clock.ts";
import { FollowedImage } from "./followed-image.ts";
import { type BootImage, type OpenImage, type ShelfAsset, shelfAsset } from "./image-folder.ts";

export interface NamedImage {
  readonly name: string;
  readonly folder: string;
}

/** What an image is called that nobody named; waiting machines boot this one, or else the first. */
export const usualImage = "default";

export interface ShelfOptions {
  /** Ingot's own images, by the names that profiles call them: folders, as `image build` leaves them. */
  readonly images?: readonly NamedImage[];
  /** Further kernel arguments of those images. */
  readonly arguments?: BootImage["arguments"];
  /** A folder with files of other systems, which profiles name. */
  readonly files?: string | undefined;
}

interface Following {
  readonly clock: Clock;
  readonly log: (text: string) => void;
  readonly signal: AbortSignal;
}

const chunkBytes = 256 * 1024;
const lookMs = 10_000;
/** Hidden files, and those that a copy in progress has. */
const fileName = /^[A-Za-z0-9][A-Za-z0-9._-]*(?<!\.(?:part|partial|tmp))$/;

export class AssetShelf {
  readonly #images: ReadonlyMap<string, FollowedImage>;
  readonly #arguments: BootImage["arguments"];
  readonly #folder: string | undefined;
  readonly #changes = new Set<() => void>();
  #files: readonly ShelfAsset[] = [];

  private constructor(images: ReadonlyMap<string, FollowedImage>, options: ShelfOptions) {
    this.#images = images;
    this.#arguments = options.arguments ?? [];
    this.#folder = options.files;
  }

  /** Takes what is there; refuses an image whose files are not what its manifest says. */
  static async open(options: ShelfOptions): Promise<AssetShelf> {
    const opened = new Map<string, FollowedImage>();
    for (const { name, folder } of options.images ?? []) {
      if (opened.has(name)) throw new Error(`Cannot serve ${folder}: there is an image ${name} already`);
      opened.set(name, await FollowedImage.open(folder));
    }
    const shelf = new AssetShelf(opened, options);
    await shelf.#lookForFiles();
    return shelf;
  }

  /** Of now: what is in their folders may change. */
  get images(): ReadonlyMap<string, OpenImage> {
    return new Map(Array.from(this.#images, ([name, { current }]) => [name, current]));
  }

  get assets(): readonly ShelfAsset[] {
    const ours = [...this.images.values()].flatMap(({ kernel, initramfs }) => [kernel, initramfs]);
    // Two images may share a file.
    return [...new Map([...ours, ...this.#files].map((one) => [one.name, one])).values()];
  }

  /** What a machine boots that shall do nothing but obey. */
  agentImage(): BootImage | undefined {
    const name = this.#images.has(usualImage) ? usualImage : [...this.#images.keys()][0];
    return name === undefined ? undefined : this.bootImage(name);
  }

  bootImage(name: string): BootImage | undefined {
    const image = this.#images.get(name)?.current;
    return (
      image && {
        kernel: image.kernel.name,
        initrds: [image.initramfs.name],
        arguments: [...image.kernelArguments, ...this.#arguments],
      }
    );
  }

  /** A file of an image, for systems that install it: its manifest and signature are among them. */
  imageFile(name: string, file: string): Pick<ShelfAsset, "path" | "sizeBytes"> | undefined {
    const image = this.#images.get(name)?.current;
    return image && [image.kernel, image.initramfs, ...image.papers].find((one) => one.file === file);
  }

  /** A file by the name that people gave it. */
  find(file: string): ShelfAsset | undefined {
    return this.#files.find((one) => one.file === file);
  }

  /** Takes up files that come and go and images that are built anew, until the signal aborts. */
  async follow({ clock, log, signal }: Following): Promise<void> {
    for (;;) {
      await sleep(clock, lookMs, signal);
      await this.look(log);
    }
  }

  async look(log: Following["log"]): Promise<void> {
    const news = [await this.#lookForFiles(), await this.#lookForImages(log)];
    if (news.includes(true)) for (const changed of this.#changes) changed();
  }

  /** The list, and again whenever it changes; until the signal aborts. */
  async *watch(signal: AbortSignal): AsyncGenerator<readonly ShelfAsset[], void> {
    while (!signal.aborted) {
      const changed = Promise.withResolvers<void>();
      this.#changes.add(changed.resolve);
      signal.addEventListener("abort", () => changed.resolve(), { once: true });
      try {
        yield this.assets;
        await changed.promise;
      } finally {
        this.#changes.delete(changed.resolve);
      }
    }
  }

  async *read(sha256: string, offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const found = this.assets.find((one) => one.sha256 === sha256);
    if (!found) throw new GrpcError("notFound", `there is no asset with digest ${sha256.slice(0, 64)}`);
    if (offset > found.sizeBytes) {
      throw new GrpcError(
        "outOfRange",
        `${found.name} has ${found.sizeBytes} bytes, and ${offset} was asked for`,
      );
    }
    const stream = createReadStream(found.path, { start: offset, highWaterMark: chunkBytes, signal });
    for await (const chunk of stream) yield chunk as Uint8Array;
  }

  async #lookForImages(log: Following["log"]): Promise<boolean> {
    let isNews = false;
    for (const [name, image] of this.#images) {
      try {
        if (!(await image.look())) continue;
        isNews = true;
        log(`the image ${name} is another one now, and is served from here on`);
      } catch (error) {
        // Perhaps it is still being copied.
        log(`the image ${name} changes: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    return isNews;
  }

  async #lookForFiles(): Promise<boolean> {
    if (this.#folder === undefined) return false;
    const names = (await readdir(this.#folder)).filter((name) => fileName.test(name)).sort();
    const files: ShelfAsset[] = [];
    for (const name of names) {
      const path = join(this.#folder, name);
      const { size, mtimeMs, isFile } = await facts(path);
      if (!isFile) continue;
      const known = this.#files.find((one) => one.file === name);
      const isSame = known && this.#seen.get(name) === `${size} ${mtimeMs}`;
      files.push(isSame ? known : await shelfAsset(this.#folder, name));
      this.#seen.set(name, `${size} ${mtimeMs}`);
    }
    const before = this.#files;
    this.#files = files;
    return before.length !== files.length || files.some(({ name }, index) => name !== before[index]!.name);
  }

  /** Size and time of each file when its digest was taken. */
  readonly #seen = new Map<string, string>();
}

async function facts(path: string) {
  const found = await stat(path);
  return { size: found.size, mtimeMs: found.mtimeMs, isFile: found.isFile() };
}
