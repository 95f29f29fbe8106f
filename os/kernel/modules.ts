import { closeSync, openSync } from "node:fs";
import { SyscallError, syscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

/** Loads a kernel module from its file; one that is loaded already is fine. */
export function loadModule(file: string, parameters = ""): void {
  const fd = openSync(file, "r");
  try {
    syscall(`load ${file}`, numbers.finit_module, fd, parameters, 0);
  } catch (error) {
    if (!(error instanceof SyscallError && error.code === "EEXIST")) throw error;
  } finally {
    closeSync(fd);
  }
}
