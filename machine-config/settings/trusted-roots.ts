import { trustedRootsConfig } from "../documents/trusted-roots-config.ts";
import type { MachineConfig } from "../machine-config.ts";

/** Authorities that the machine trusts beside those that everybody trusts, by the name of their document; PEM. */
export const trustedRootSettings = (config: MachineConfig): ReadonlyMap<string, string> =>
  new Map(config.all(trustedRootsConfig).map(({ name = "", certificates = "" }) => [name, certificates]));
