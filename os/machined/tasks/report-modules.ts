import { readFileSync } from "node:fs";
import type { State } from "../../../cosi/state.ts";
import { reflect } from "../../resources/reflect.ts";
import { LoadedKernelModule } from "../../resources/runtime/kernel.ts";

/** Keeps what the kernel says of its modules as resources. */
export const reportModules = (state: State): Promise<void> =>
  reflect(state.as("Kernel"), LoadedKernelModule, loadedModules(readFileSync("/proc/modules", "latin1")));

/** `NAME SIZE USERS NEEDED-BY,… STATE ADDRESS` */
function loadedModules(text: string) {
  const lines = text.split("\n").filter((line) => line !== "");
  return new Map(
    lines.map((line) => {
      const [name = "", size, users, neededBy = "", state = ""] = line.split(" ");
      const dependencies = neededBy.split(",").filter((it) => it !== "" && it !== "-");
      return [name, { size: Number(size), referenceCount: Number(users), dependencies, state }] as const;
    }),
  );
}
