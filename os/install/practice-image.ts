import { createHash } from "node:crypto";
import type { ImageSource } from "./image-source.ts";

/** An image of any bytes. */
export function practiceImage(
  kernel: Uint8Array,
  initramfs: Uint8Array,
  kernelArguments: string[] = [],
): ImageSource {
  const parts = { kernel, initramfs };
  const facts = (bytes: Uint8Array) => ({
    sizeBytes: bytes.length,
    sha256: createHash("sha256").update(bytes).digest("hex"),
  });
  return {
    release: {
      version: 1,
      profile: "practice",
      kernelArguments,
      kernel: { release: "6.0", ...facts(kernel) },
      initramfs: facts(initramfs),
    },
    async *read(part) {
      yield parts[part];
    },
  };
}
