import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type KernelFiles, type MachineHandlers, one } from "./handler.ts";

/** /proc/meminfo (proc_meminfo(5)), in kB. Its names, without case and signs, are those of the message. */
export function parseMeminfo(text: string): Record<string, bigint> {
  return Object.fromEntries(
    [...text.matchAll(/^([^:\n]+):\s+(\d+)/gm)].map(([, name, value]) => [
      name!.replaceAll(/[^a-zA-Z0-9]/g, "").toLowerCase(),
      BigInt(value!),
    ]),
  );
}

export const memory = ({ proc }: Pick<KernelFiles, "proc">): MachineHandlers<"memory"> => ({
  memory: async () => one({ meminfo: parseMeminfo(await readFile(join(proc, "meminfo"), "utf8")) }),
});
