import { readFileSync, writeFileSync } from "node:fs";
import { reflect } from "../../resources/reflect.ts";
import { KernelParamDefault } from "../../resources/runtime/kernel-param.ts";
import type { Context } from "../context.ts";
import { kernelParameters } from "../hardening.ts";
import type { Task } from "../phases.ts";

const fileOf = (parameter: string) => `/proc/sys/${parameter.replaceAll(".", "/")}`;

/** Before the first driver: from here on the kernel takes only modules that its maker has signed. */
const switches = [
  { what: "enforce module signatures", file: "/sys/module/module/parameters/sig_enforce", value: "1" },
  { what: "lock the kernel down", file: "/sys/kernel/security/lockdown", value: "integrity" },
] as const;

export const hardening: Task<Context> = {
  name: "hardening",
  async run({ state, log }) {
    for (const { what, file, value } of switches) {
      try {
        writeFileSync(file, value);
      } catch (error) {
        log.write("warn", `Cannot ${what}: ${error instanceof Error ? error.message : String(error)}`);
      }
    }
    const defaults = Object.entries(kernelParameters).map(([name, value]) => {
      const before = parameter(name);
      if (before !== undefined && before !== value) setParameter(name, value, log);
      return [`proc.sys.${name}`, { value, before }] as const;
    });
    await reflect(state.as("Hardening"), KernelParamDefault, new Map(defaults));
  },
};

function setParameter(name: string, value: string, log: Context["log"]): void {
  try {
    writeFileSync(fileOf(name), value);
  } catch (error) {
    log.write(
      "warn",
      `Cannot set ${name} to ${value}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
}

/** Undefined when this kernel has it not. */
export function parameter(name: string): string | undefined {
  try {
    return readFileSync(fileOf(name), "utf8").trim();
  } catch {
    return undefined;
  }
}
