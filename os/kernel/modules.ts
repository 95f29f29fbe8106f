import { closeSync, openSync } from "node:fs";
import { blockingSyscall, SyscallError } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

/**
 * Loads a kernel module from its file; one that is loaded already is fine. In a thread of the pool, because the
 * kernel comes back only when the driver has looked at its devices.
 */
export async function loadModule(file: string, parameters = ""): Promise<void> {
  const fd = openSync(file, "r");
  try {
    await blockingSyscall(`load ${file}`, numbers.finit_module, fd, parameters, 0);
  } catch (error) {
    if (!(error instanceof SyscallError && error.code === "EEXIST")) throw error;
  } finally {
    closeSync(fd);
  }
}
