// A slot: a kernel and its initramfs in a partition without a filesystem, behind the script by which GRUB boots them.
import * as z from "zod";
import { type Release, release } from "./release.ts";

const sector = 512;
export const slotScriptBytes = 8 * sector;
/** What the slot holds, for ourselves. */
const descriptionBytes = 56 * sector;
const headerBytes = slotScriptBytes + descriptionBytes;

const contents = z.object({ release, kernelArguments: z.array(z.string()) });

export interface SlotContents {
  readonly release: Release;
  readonly kernelArguments: readonly string[];
}

/** Where the parts of an image go, from the slot's start. */
export function placesIn(release: Release): { kernel: number; initramfs: number; end: number } {
  const initramfs = headerBytes + whole(release.kernel.sizeBytes);
  return { kernel: headerBytes, initramfs, end: initramfs + whole(release.initramfs.sizeBytes) };
}

const whole = (bytes: number) => Math.ceil(bytes / 4096) * 4096;

/** Written last: a slot without it is empty. */
export function encodeSlotHeader({ release, kernelArguments }: SlotContents): Uint8Array {
  const places = placesIn(release);
  const file = (at: number, bytes: number) => `"\${slot_at}${at / sector}+${Math.ceil(bytes / sector)}"`;
  const words = kernelArguments.map(quoted).join(" ");
  const script = [
    `linux ${file(places.kernel, release.kernel.sizeBytes)} ${words}`,
    `initrd ${file(places.initramfs, release.initramfs.sizeBytes)}`,
    "",
  ].join("\n");
  const description = JSON.stringify({ release, kernelArguments });
  if (script.length > slotScriptBytes || Buffer.byteLength(description) > descriptionBytes)
    throw new Error(`Cannot describe the slot: ${kernelArguments.length} kernel arguments are too long`);
  const bytes = Buffer.alloc(headerBytes);
  bytes.write(script.padEnd(slotScriptBytes, "\n"), "latin1");
  bytes.write(description, slotScriptBytes);
  return bytes;
}

/** GRUB finds nothing to do in it. */
export const emptySlotHeader = (): Uint8Array => {
  const bytes = Buffer.alloc(headerBytes);
  bytes.fill("\n", 0, slotScriptBytes);
  return bytes;
};

export const slotHeaderBytes = headerBytes;

/** Undefined when the slot is empty. */
export function decodeSlotHeader(bytes: Uint8Array): SlotContents | undefined {
  const text = Buffer.from(bytes.subarray(slotScriptBytes, headerBytes)).toString("utf8");
  const end = text.indexOf("\0");
  try {
    return contents.parse(JSON.parse(text.slice(0, end < 0 ? undefined : end)));
  } catch {
    return undefined;
  }
}

/** One word to GRUB, whatever is in it. */
function quoted(word: string): string {
  if (/[\p{Cc}']/u.test(word)) throw new Error(`Cannot pass ${JSON.stringify(word)} to the kernel`);
  return /^[\w.,:=/@%+-]+$/.test(word) ? word : `'${word}'`;
}
