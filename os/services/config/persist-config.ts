import { mkdir, open, rename } from "node:fs/promises";
import { join } from "node:path";

/** Where a boot finds the config that was applied to the machine. */
export const configFile = "config.yaml";

/** Keeps a config whole: a power cut leaves the old one or the new one. Nobody else may read it. */
export async function persistConfig(folder: string, text: string): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  const next = join(folder, `.${configFile}.next`);
  {
    await using file = await open(next, "w", 0o600);
    await file.writeFile(text);
    await file.sync();
  }
  await rename(next, join(folder, configFile));
  await using directory = await open(folder);
  await directory.sync();
}
