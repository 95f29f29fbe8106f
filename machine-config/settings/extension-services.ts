import { extensionServiceConfig } from "../documents/extension-service-config.ts";
import type { MachineConfig } from "../machine-config.ts";
import { environmentSettings } from "./environment.ts";

/** What a service of an extension is given by the config. */
export interface ExtensionServiceSettings {
  /** Of all services, and over it of this one. */
  readonly environment: Readonly<Record<string, string>>;
  /** Contents by path. */
  readonly files: ReadonlyMap<string, string>;
}

export function extensionServiceSettings(
  config: MachineConfig | undefined,
  name: string,
): ExtensionServiceSettings {
  if (!config) return { environment: {}, files: new Map() };
  const { environment = [], configFiles = [] } = config.get(extensionServiceConfig, name) ?? {};
  const own = environment.map((line) => {
    const [key = "", ...value] = line.split("=");
    return [key, value.join("=")] as const;
  });
  return {
    environment: { ...environmentSettings(config), ...Object.fromEntries(own) },
    files: new Map(configFiles.map(({ mountPath = "", content = "" }) => [mountPath, content])),
  };
}
