// Images of one maker, as an upgrade finds them on a server: one that works, and others made of it by changing a little.
import { createHash, generateKeyPairSync, sign } from "node:crypto";
import { appendFileSync, copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { buildImage, type Image } from "../../../os/image/build.ts";
import { cpio, type Entry } from "../../../os/image/cpio.ts";
import { executable } from "../../../os/image/syscall-program.ts";
import { imageFiles } from "../../../os/install/image-source.ts";
import { project } from "./image.ts";

const signal = new AbortController().signal;

interface Change {
  /** Put over what is in the initramfs. */
  readonly entries?: readonly Entry[];
  readonly kernelArguments?: readonly string[];
  /** By somebody else's key. */
  readonly signedBy?: "a stranger";
}

export interface ImageShelf {
  /** What works: what a machine is installed with. */
  readonly image: Image;
  /** What a server answers for a path such as `/hangs/vmlinuz`. */
  serve(path: string): { readonly file: string } | undefined;
  /** The files of an image, by their names. */
  filesOf(name: string): Readonly<Record<string, Uint8Array>>;
  /** Puts a changed image there. */
  add(name: string, change: Change): void;
}

/** `folder` is emptied by whoever made it. */
export async function openImageShelf(folder: string): Promise<ImageShelf> {
  const { privateKey } = generateKeyPairSync("ed25519");
  const stranger = generateKeyPairSync("ed25519").privateKey;
  const image = await buildImage({
    ...{ project, profile: "virt", offline: true, releaseKey: privateKey, signal },
    ...{ out: join(folder, "works"), cache: join(project, "out/cache"), progress: () => {} },
  });
  const original = (name: string) => join(dirname(image.manifest), name);
  const works = new Map<string, string>(Object.values(imageFiles).map((name) => [name, original(name)]));
  const shelves = new Map([["works", works]]);

  return {
    image,
    serve(path) {
      const [, shelf = "", file = ""] = path.split("/");
      const found = shelves.get(shelf)?.get(file);
      return found === undefined ? undefined : { file: found };
    },
    filesOf(name) {
      const files = [...(shelves.get(name) ?? [])];
      return Object.fromEntries(files.map(([file, path]) => [file, readFileSync(path)]));
    },
    add(name, { entries = [], kernelArguments = [], signedBy }) {
      const file = (part: string) => join(folder, `${name}-${part}`);
      const initramfs = file(imageFiles.initramfs);
      copyFileSync(image.initramfs, initramfs);
      // The kernel unpacks one archive after the other: the last file of a name is the one that is there.
      appendFileSync(initramfs, cpio(entries));
      const manifest = JSON.parse(readFileSync(image.manifest, "utf8")) as { kernelArguments: string[] };
      const text = JSON.stringify({
        ...manifest,
        kernelArguments: [...manifest.kernelArguments, ...kernelArguments],
        initramfs: factsOf(initramfs),
      });
      writeFileSync(file(imageFiles.manifest), text);
      const key = signedBy === undefined ? privateKey : stranger;
      writeFileSync(file(imageFiles.signature), sign(null, Buffer.from(text), key));
      shelves.set(
        name,
        new Map([
          [imageFiles.kernel, original(basename(image.kernel))],
          [imageFiles.initramfs, initramfs],
          [imageFiles.manifest, file(imageFiles.manifest)],
          [imageFiles.signature, file(imageFiles.signature)],
        ]),
      );
    },
  };
}

function factsOf(file: string): { sizeBytes: number; sha256: string } {
  const bytes = readFileSync(file);
  return { sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") };
}

/** A first process that ends at once: the kernel panics. */
export const endsAtOnce: Entry = {
  ...{ path: "init", type: "file", mode: 0o755 },
  content: executable([{ name: "find anything", call: "open", args: ["/nowhere", 0, 0] }]),
};
