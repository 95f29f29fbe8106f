// The files that machines boot, as pxe-servers may fetch them: by digest, so that two files are never mixed. Ingot's own
// image is one of them; a folder may hold the kernels of others.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { GrpcError } from "../../api/grpc/error.ts";
import { type Clock, sleep } from "../../cosi/clock.ts";

export interface ShelfAsset {
  /** As plans name it: part of an address, so of letters, digits, `.`, `-` and `_`. */
  readonly name: string;
  /** As people name it. */
  readonly file: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface BootImage {
  readonly kernel: string;
  readonly initrds: readonly string[];
  readonly arguments: readonly { readonly name: string; readonly value?: string }[];
}

export interface ShelfOptions {
  /** The folder of Ingot's own image, as `image build` leaves it. */
  readonly image?: string | undefined;
  /** Further kernel arguments of that image. */
  readonly arguments?: BootImage["arguments"];
  /** A folder with files of other systems, which profiles name. */
  readonly files?: string | undefined;
}

const manifestFormat = z.looseObject({
  kernel: z.looseObject({ release: z.string(), sizeBytes: z.int(), sha256: z.string() }),
  initramfs: z.looseObject({ sizeBytes: z.int(), sha256: z.string() }),
  /** Those that the image wants to be booted with: `name` or `name=value`. */
  kernelArguments: z.array(z.string()).default([]),
});

const chunkBytes = 256 * 1024;
const lookMs = 10_000;
/** Hidden files, and those that a copy in progress has. */
const fileName = /^[A-Za-z0-9][A-Za-z0-9._-]*(?<!\.(?:part|partial|tmp))$/;

export class AssetShelf {
  readonly #image: readonly ShelfAsset[];
  readonly #papers: readonly ShelfAsset[];
  readonly #agent: BootImage | undefined;
  readonly #folder: string | undefined;
  readonly #changes = new Set<() => void>();
  #files: readonly ShelfAsset[] = [];

  private constructor(
    { assets, papers }: OpenImage,
    agent: BootImage | undefined,
    folder: string | undefined,
  ) {
    this.#image = assets;
    this.#papers = papers;
    this.#agent = agent;
    this.#folder = folder;
  }

  /** Takes what is there; refuses an image whose files are not what its manifest says. */
  static async open({ image, arguments: args = [], files }: ShelfOptions): Promise<AssetShelf> {
    const opened = image === undefined ? noImage : await openImage(image);
    const { wanted } = opened;
    const [kernel, initramfs] = opened.assets.map(({ name }) => name);
    const agent =
      kernel && initramfs ? { kernel, initrds: [initramfs], arguments: [...wanted, ...args] } : undefined;
    const shelf = new AssetShelf(opened, agent, files);
    await shelf.#look();
    return shelf;
  }

  get assets(): readonly ShelfAsset[] {
    return [...this.#image, ...this.#files];
  }

  /** What a machine boots that shall do nothing but obey. */
  agentImage(): BootImage | undefined {
    return this.#agent;
  }

  /** A file of our own image, for systems that install it: its manifest and signature are among them. */
  imageFile(file: string): Pick<ShelfAsset, "path" | "sizeBytes"> | undefined {
    return this.#image.find((one) => one.file === file) ?? this.#papers.find((one) => one.file === file);
  }

  /** A file by the name that people gave it. */
  find(file: string): ShelfAsset | undefined {
    return this.#files.find((one) => one.file === file);
  }

  /** Takes up files that come and go, until the signal aborts. */
  async follow(clock: Clock, signal: AbortSignal): Promise<void> {
    for (;;) {
      await sleep(clock, lookMs, signal);
      await this.#look();
    }
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

  async #look(): Promise<void> {
    if (this.#folder === undefined) return;
    const names = (await readdir(this.#folder)).filter((name) => fileName.test(name)).sort();
    const files: ShelfAsset[] = [];
    for (const name of names) {
      const path = join(this.#folder, name);
      const { size, mtimeMs, isFile } = await facts(path);
      if (!isFile) continue;
      const known = this.#files.find((one) => one.file === name);
      const isSame = known && this.#seen.get(name) === `${size} ${mtimeMs}`;
      files.push(isSame ? known : await asset(this.#folder, name));
      this.#seen.set(name, `${size} ${mtimeMs}`);
    }
    const before = this.#files;
    this.#files = files;
    const isNews =
      before.length !== files.length || files.some(({ name }, index) => name !== before[index]!.name);
    if (isNews) for (const changed of this.#changes) changed();
  }

  /** Size and time of each file when its digest was taken. */
  readonly #seen = new Map<string, string>();
}

async function facts(path: string) {
  const found = await stat(path);
  return { size: found.size, mtimeMs: found.mtimeMs, isFile: found.isFile() };
}

interface OpenImage {
  readonly assets: readonly ShelfAsset[];
  /** What is told of them, for who installs them: nobody boots it. */
  readonly papers: readonly ShelfAsset[];
  /** Kernel arguments that it wants to be booted with. */
  readonly wanted: BootImage["arguments"];
}

const noImage: OpenImage = { assets: [], papers: [], wanted: [] };

async function openImage(folder: string): Promise<OpenImage> {
  const { kernel, initramfs, kernelArguments } = await readManifest(join(folder, "manifest.json"));
  const assets = await Promise.all(
    [["vmlinuz", kernel] as const, ["initramfs", initramfs] as const].map(async ([file, told]) => {
      const found = await asset(folder, file);
      if (found.sizeBytes === told.sizeBytes && found.sha256 === told.sha256) return found;
      throw new Error(
        `Cannot serve ${found.path}: it is not the file that its manifest names; build the image again`,
      );
    }),
  );
  const names = (await readdir(folder)).filter((name) => /^manifest\.json(\.sig)?$/.test(name));
  const papers = await Promise.all(names.map((name) => asset(folder, name)));
  return { assets, papers, wanted: kernelArguments.map(argumentOf) };
}

function argumentOf(text: string): BootImage["arguments"][number] {
  const [name = "", ...value] = text.split("=");
  return value.length === 0 ? { name } : { name, value: value.join("=") };
}

async function readManifest(path: string) {
  try {
    return manifestFormat.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`Cannot use the image of ${path}: ${why}`, { cause });
  }
}

async function asset(folder: string, file: string): Promise<ShelfAsset> {
  const path = join(folder, file);
  const hash = createHash("sha256");
  let sizeBytes = 0;
  for await (const chunk of createReadStream(path)) {
    hash.update(chunk as Uint8Array);
    sizeBytes += (chunk as Uint8Array).length;
  }
  const sha256 = hash.digest("hex");
  return { name: `${sha256.slice(0, 16)}-${file}`, file, path, sizeBytes, sha256 };
}
