import type { ImageSource } from "./image-source.ts";
import type { Extent } from "./layout.ts";
import { emptySlotHeader, encodeSlotHeader, placesIn } from "./slot.ts";
import { digestOf, type Target, writeStream } from "./target.ts";

/**
 * Fills a slot. It is empty until all of it is on the medium and has been read back: a power cut, or an image that is
 * not what it should be, leaves a slot that the boot loader passes over.
 */
export async function writeSlot(
  target: Target,
  extent: Extent,
  { source, kernelArguments }: { source: ImageSource; kernelArguments: readonly string[] },
  { written, signal }: { written: (bytes: number) => void; signal: AbortSignal },
): Promise<void> {
  const { release } = source;
  const places = placesIn(release);
  if (places.end > extent.sizeBytes)
    throw new Error(`Cannot write the image: it takes ${places.end} bytes of a slot of ${extent.sizeBytes}`);
  const header = encodeSlotHeader({ release, kernelArguments });
  await target.write(extent.offset, emptySlotHeader());
  await target.flush();
  for (const part of ["kernel", "initramfs"] as const)
    await writeStream(target, extent.offset + places[part], source.read(part, signal), written);
  await target.flush();
  for (const part of ["kernel", "initramfs"] as const) {
    const { sizeBytes, sha256 } = release[part];
    if ((await digestOf(target, extent.offset + places[part], sizeBytes)) !== sha256)
      throw new Error(`Cannot trust ${target.path}: the ${part} that was written is not what is read back`);
  }
  await target.write(extent.offset, header);
  await target.flush();
}
