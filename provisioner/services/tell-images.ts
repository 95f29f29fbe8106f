import type { State } from "../../cosi/state.ts";
import { NotFound } from "../../cosi/state-errors.ts";
import { Image } from "../resources/image.ts";
import type { OpenImage } from "./image-folder.ts";

/** Writes down which images are served, for people and for profiles. Provisioners of one state serve the same. */
export async function tellImages(state: State, images: ReadonlyMap<string, OpenImage>): Promise<void> {
  for (const { metadata } of (await state.list(Image)).resources) {
    if (images.has(metadata.id)) continue;
    await state.destroy(Image, metadata.id).catch((error: unknown) => {
      if (!(error instanceof NotFound)) throw error;
    });
  }
  for (const [name, { release, profile, kernel, initramfs }] of images) {
    const files = { kernel, initramfs };
    const assets = Object.entries(files).map(([part, { file, sizeBytes, sha256 }]) => ({
      part: part as keyof typeof files,
      file,
      sizeBytes,
      sha256,
    }));
    await state.set(Image, name, { spec: { release, profile, assets } });
  }
}
