// Which slot the boot loader boots: GRUB's environment block, at the start of the BOOT partition. GRUB takes `next`
// away before it boots it, so that a slot on trial gets one try; what runs on trial becomes the default by saying so.
import type { Slot } from "./layout.ts";

/** One write of one sector in which everything that ever changes lies: whole or not at all. */
export const bootStateBytes = 1024;
const title = "# GRUB Environment Block\n";

export type BootState =
  /** What is on the disk is not whole yet. */
  | { readonly is: "installing" }
  | { readonly is: "installed"; readonly default: Slot; readonly next?: Slot | undefined };

export function encodeBootState(state: BootState): Uint8Array {
  const lines =
    state.is === "installing"
      ? ["installing=yes"]
      : [`default=${state.default}`, ...(state.next ? [`next=${state.next}`] : [])];
  const text = `${title}${lines.map((line) => `${line}\n`).join("")}`;
  return Buffer.from(text.padEnd(bootStateBytes, "#"), "latin1");
}

/** Undefined when it is none of ours. */
export function decodeBootState(bytes: Uint8Array): BootState | undefined {
  const text = Buffer.from(bytes).toString("latin1", 0, bootStateBytes);
  if (!text.startsWith(title)) return undefined;
  const values = new Map(
    text
      .slice(title.length)
      .split("\n")
      .filter((line) => line.includes("="))
      .map((line) => {
        const at = line.indexOf("=");
        return [line.slice(0, at), line.slice(at + 1)] as const;
      }),
  );
  if (values.has("installing")) return { is: "installing" };
  const slot = slotOf(values.get("default"));
  return slot && { is: "installed", default: slot, next: slotOf(values.get("next")) };
}

const slotOf = (text: string | undefined): Slot | undefined =>
  text === "a" || text === "b" ? text : undefined;
