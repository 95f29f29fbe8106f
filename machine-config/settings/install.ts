import type * as z from "zod";
import { unattendedInstallConfig } from "../documents/unattended-install-config.ts";
import type { MachineConfig } from "../machine-config.ts";
import type { diskSelector } from "../v1alpha1/install.ts";

export type InstallDisk =
  | { readonly by: "path"; readonly path: string }
  | { readonly by: "selector"; readonly selector: z.output<typeof diskSelector> }
  /** An expression in CEL over a disk. */
  | { readonly by: "expression"; readonly expression: string };

export interface InstallSettings {
  readonly disk: InstallDisk;
  /** Undefined: the image that runs already. */
  readonly image: string | undefined;
  readonly wipe: boolean;
  readonly extraKernelArgs: readonly string[];
  readonly legacyBios: boolean;
}

/** How the machine is to be installed; undefined when nothing is said of it. */
export function installSettings(config: MachineConfig): InstallSettings | undefined {
  const document = config.get(unattendedInstallConfig);
  if (document) {
    return {
      disk: { by: "expression", expression: document.provisioning?.diskSelector?.match ?? "" },
      image: document.installer?.image || undefined,
      wipe: document.provisioning?.wipe ?? true,
      extraKernelArgs: [],
      legacyBios: false,
    };
  }
  const install = config.v1alpha1?.machine?.install;
  if (!install) return undefined;
  const {
    disk,
    diskSelector,
    image,
    wipe = false,
    extraKernelArgs = [],
    legacyBIOSSupport = false,
  } = install;
  if (!disk && !diskSelector) return undefined;
  return {
    // A selector says what the disk is, a path only where it was seen last: the selector wins.
    disk: diskSelector ? { by: "selector", selector: diskSelector } : { by: "path", path: disk ?? "" },
    image: image || undefined,
    wipe,
    extraKernelArgs,
    legacyBios: legacyBIOSSupport,
  };
}
