import { mount } from "../../kernel/mount.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Shows whether Secure Boot is on, and what the firmware boots. A machine that was booted by a BIOS has none. */
export const efiVariables: Task<Context> = {
  name: "EFI variables",
  run({ log }) {
    try {
      mount({
        source: "efivarfs",
        target: "/sys/firmware/efi/efivars",
        type: "efivarfs",
        flags: ["ro", "nosuid", "nodev", "noexec"],
      });
    } catch (error) {
      log.write("debug", error instanceof Error ? error.message : String(error));
    }
  },
};
