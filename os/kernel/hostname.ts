import { syscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

export function setHostname(name: string): void {
  syscall("set the hostname", numbers.sethostname, name, Buffer.byteLength(name));
}
