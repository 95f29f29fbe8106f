import { hostnameConfig } from "../documents/hostname-config.ts";
import type { MachineConfig } from "../machine-config.ts";

/** Where the machine's name comes from. */
export type HostnameSettings =
  | { readonly source: "static"; readonly hostname: string }
  /** Made from the machine's identity, the same at each boot. */
  | { readonly source: "stable" }
  /** Whatever DHCP or the platform says. */
  | { readonly source: "environment" };

export function hostnameSettings(config: MachineConfig): HostnameSettings {
  const { network, features } = config.v1alpha1?.machine ?? {};
  const document = config.get(hostnameConfig);
  const hostname = document?.hostname || network?.hostname;
  if (hostname) return { source: "static", hostname };
  const isStable = document?.auto === "stable" || features?.stableHostname === true;
  return { source: isStable ? "stable" : "environment" };
}
