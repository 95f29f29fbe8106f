import { kernelModuleConfig } from "../documents/kernel-module-config.ts";
import { sysctlConfig } from "../documents/sysctl-config.ts";
import { sysfsConfig } from "../documents/sysfs-config.ts";
import { udevRulesConfig } from "../documents/udev-rules-config.ts";
import type { MachineConfig } from "../machine-config.ts";

export interface KernelSettings {
  readonly sysctls: Readonly<Record<string, string>>;
  readonly sysfs: Readonly<Record<string, string>>;
  readonly modules: readonly { readonly name: string; readonly parameters: readonly string[] }[];
  readonly udevRules: readonly string[];
}

/** What the kernel is told. Where both say something, documents win over the v1alpha1 document. */
export function kernelSettings(config: MachineConfig): KernelSettings {
  const { sysctls, sysfs, kernel, udev } = config.v1alpha1?.machine ?? {};
  const modules = [...(kernel?.modules ?? []), ...config.all(kernelModuleConfig)];
  return {
    sysctls: { ...sysctls, ...config.get(sysctlConfig)?.params },
    sysfs: { ...sysfs, ...config.get(sysfsConfig)?.params },
    modules: modules.map(({ name = "", parameters = [] }) => ({ name, parameters })),
    udevRules: [...(udev?.rules ?? []), ...(config.get(udevRulesConfig)?.rules ?? [])],
  };
}
