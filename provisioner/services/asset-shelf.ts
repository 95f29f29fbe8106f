// The files that machines boot, as pxe-servers may fetch them: by digest, so that two files are never mixed.
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { GrpcError } from "../../api/grpc/error.ts";

export interface ShelfAsset {
  /** As plans name it: part of an address, so of letters, digits, `.`, `-` and `_`. */
  readonly name: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly sha256: string;
}

export interface BootImage {
  readonly kernel: string;
  readonly initrds: readonly string[];
  readonly arguments: readonly { readonly name: string; readonly value?: string }[];
}

const manifestFormat = z.looseObject({
  kernel: z.looseObject({ release: z.string(), sizeBytes: z.int(), sha256: z.string() }),
  initramfs: z.looseObject({ sizeBytes: z.int(), sha256: z.string() }),
});

const chunkBytes = 256 * 1024;

export class AssetShelf {
  readonly #assets: readonly ShelfAsset[];
  readonly #agent: BootImage | undefined;

  private constructor(assets: readonly ShelfAsset[], agent: BootImage | undefined) {
    this.#assets = assets;
    this.#agent = agent;
  }

  /** Takes the image that is in a folder; refuses one whose files are not what its manifest says. */
  static async open(folder: string, extraArguments: BootImage["arguments"]): Promise<AssetShelf> {
    const manifest = await readManifest(join(folder, "manifest.json"));
    const assets = [
      await asset(folder, "vmlinuz", manifest.kernel),
      await asset(folder, "initramfs", manifest.initramfs),
    ];
    const [kernel, initramfs] = assets.map(({ name }) => name);
    return new AssetShelf(assets, {
      kernel: kernel!,
      initrds: [initramfs!],
      arguments: extraArguments,
    });
  }

  static empty(): AssetShelf {
    return new AssetShelf([], undefined);
  }

  get assets(): readonly ShelfAsset[] {
    return this.#assets;
  }

  /** What a machine boots that shall do nothing but obey. */
  agentImage(): BootImage | undefined {
    return this.#agent;
  }

  /** The list, and again whenever it changes; until the signal aborts. */
  async *watch(signal: AbortSignal): AsyncGenerator<readonly ShelfAsset[], void> {
    yield this.#assets;
    // An image is taken up at start: the list stays as it is while the process lives.
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      else signal.addEventListener("abort", () => resolve(), { once: true });
    });
  }

  async *read(sha256: string, offset: number, signal: AbortSignal): AsyncGenerator<Uint8Array, void> {
    const found = this.#assets.find((one) => one.sha256 === sha256);
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
}

async function readManifest(path: string) {
  try {
    return manifestFormat.parse(JSON.parse(await readFile(path, "utf8")));
  } catch (cause) {
    throw new Error(
      `Cannot use the image of ${path}: ${cause instanceof Error ? cause.message : String(cause)}`,
      {
        cause,
      },
    );
  }
}

async function asset(
  folder: string,
  file: string,
  told: { readonly sizeBytes: number; readonly sha256: string },
): Promise<ShelfAsset> {
  const path = join(folder, file);
  const { size } = await stat(path);
  const hash = createHash("sha256");
  for await (const chunk of createReadStream(path)) hash.update(chunk as Uint8Array);
  const sha256 = hash.digest("hex");
  if (size !== told.sizeBytes || sha256 !== told.sha256) {
    throw new Error(
      `Cannot serve ${path}: it is not the file that its manifest names; build the image again`,
    );
  }
  return { name: `${sha256.slice(0, 16)}-${file}`, path, sizeBytes: size, sha256 };
}
