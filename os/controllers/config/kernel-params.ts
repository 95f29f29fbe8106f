import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { collectionController, controller } from "../../../cosi/engine/controller.ts";
import { many } from "../../../cosi/engine/owns.ts";
import { all, the } from "../../../cosi/engine/reads.ts";
import { kernelSettings } from "../../../machine-config/settings/kernel.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import {
  KernelParamDefault,
  KernelParamSpec,
  KernelParamStatus,
} from "../../resources/runtime/kernel-param.ts";
import { configIn } from "./config-in.ts";

/** Every node's own settings, and over them those of its config. */
export const kernelParamSpecs = collectionController({
  name: "KernelParamConfig",
  reads: { defaults: all(KernelParamDefault), config: the(MachineConfig, "v1alpha1") },
  owns: many(KernelParamSpec),
  reconcile({ defaults, config }) {
    const { sysctls, sysfs } = config ? kernelSettings(configIn(config)) : { sysctls: {}, sysfs: {} };
    const values = {
      ...Object.fromEntries(defaults.map(({ metadata: { id }, spec: { value } }) => [id, value])),
      ...under("proc.sys", sysctls),
      ...under("sys", sysfs),
    };
    const outputs = Object.entries(values).map(([id, value]) => [id, { spec: { value } }] as const);
    return { do: "set", outputs: Object.fromEntries(outputs) };
  },
});

const under = (root: string, values: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${root}.${name}`, value]));

/** Sets each of them below `root`, and puts back what was before when nobody asks for it any more. */
export const kernelParams = (root = "/") =>
  controller({
    name: "KernelParamSpec",
    each: KernelParamSpec,
    reads: { status: KernelParamStatus, usual: KernelParamDefault },
    owns: KernelParamStatus,

    reconcile({ metadata: { id }, spec: { value } }, { status, usual }) {
      const file = join(root, parameterFile(id));
      const found = textOf(file);
      if (found === undefined) {
        const spec = { current: "", default: "", unsupported: true };
        return { do: "set", spec, why: `this kernel has no ${id}` };
      }
      const before = status?.spec.unsupported === false ? status.spec.default : (usual?.spec.before ?? found);
      if (!isSame(found, value)) writeFileSync(file, value);
      return { do: "set", spec: { current: textOf(file) ?? "", default: before, unsupported: false } };
    },

    teardown({ metadata: { id } }, { status }) {
      if (status && !status.spec.unsupported)
        writeFileSync(join(root, parameterFile(id)), status.spec.default);
      return { do: "remove" };
    },
  });

/** sysctl(8): whichever of `.` and `/` comes first separates, and the other one is part of a name. */
export function parameterFile(id: string): string {
  const [root = "", name = ""] = id.startsWith("proc.sys.")
    ? ["proc/sys", id.slice("proc.sys.".length)]
    : ["sys", id.slice("sys.".length)];
  const separator = /[./]/.exec(name)?.[0] ?? ".";
  const parts = name.split(separator);
  return [root, ...parts.map((part) => (separator === "." ? part.replaceAll("/", ".") : part))].join("/");
}

/** The kernel writes lists of numbers with tabs between them. */
const isSame = (found: string, wanted: string) =>
  found.split(/\s+/).join(" ").trim() === wanted.split(/\s+/).join(" ").trim();

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, "utf8").trim();
  } catch {
    return undefined;
  }
}
