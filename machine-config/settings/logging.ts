import type { MachineConfig } from "../machine-config.ts";

export interface LogDestination {
  /** `tcp://` or `udp://` */
  readonly url: string;
  /** Stands in each line. */
  readonly tags: Readonly<Record<string, string>>;
}

/** Servers that are sent what services say. */
export const logDestinations = (config: MachineConfig): readonly LogDestination[] =>
  (config.v1alpha1?.machine?.logging?.destinations ?? []).flatMap(({ endpoint, extraTags = {} }) =>
    endpoint ? [{ url: endpoint, tags: extraTags }] : [],
  );
