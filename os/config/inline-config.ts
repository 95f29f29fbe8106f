import { zstdDecompressSync } from "node:zlib";

const mostBytes = 16 * 1024 * 1024;

/**
 * `talos.config.inline=` and `talos.config.early=`: base64 of zstd of YAML. A boot loader that limits an argument's
 * length spreads it over several.
 */
export function inlineConfig(values: readonly string[]): string | undefined {
  if (values.length === 0) return undefined;
  const bytes = Buffer.from(values.join(""), "base64");
  try {
    return zstdDecompressSync(bytes, { maxOutputLength: mostBytes }).toString("utf8");
  } catch (cause) {
    throw new Error("Cannot read the machine config in the kernel arguments: it is no base64 of zstd", {
      cause,
    });
  }
}
