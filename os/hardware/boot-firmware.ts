import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

export interface BootFirmware {
  readonly mode: "bios" | "uefi";
  /** Undefined where the firmware knows no such thing, or does not tell. */
  readonly secureBoot: boolean | undefined;
}

/** UEFI 2.10 §3.3: the variable that says whether Secure Boot is enforced. Four bytes of attributes stand before it. */
const secureBootVariable = "SecureBoot-8be4df61-93ca-11d2-aa0d-00e098032b8c";

export async function bootFirmware(sys: string): Promise<BootFirmware> {
  const efi = join(sys, "firmware/efi");
  if (!existsSync(efi)) return { mode: "bios", secureBoot: undefined };
  const value = await readFile(join(efi, "efivars", secureBootVariable)).catch(() => undefined);
  return { mode: "uefi", secureBoot: value?.length === 5 ? value[4] === 1 : undefined };
}
