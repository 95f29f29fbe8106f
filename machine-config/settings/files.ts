import type { MachineConfig } from "../machine-config.ts";

export interface FileSettings {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  /** Takes another's place or none, takes another's place, or writes behind what is there. */
  readonly operation: "create" | "overwrite" | "append";
}

/** Files that the machine's owner wants. */
export const fileSettings = (config: MachineConfig): readonly FileSettings[] =>
  (config.v1alpha1?.machine?.files ?? []).map(({ path = "", content = "", permissions = 0o644, op }) => ({
    ...{ path, content, mode: permissions },
    operation: op === "overwrite" || op === "append" ? op : "create",
  }));
