import type { MachineConfig } from "../machine-config.ts";

export interface FileSettings {
  readonly path: string;
  readonly content: string;
  readonly mode: number;
  /** Refuses to take another's place, takes it, or writes behind what is there. */
  readonly operation: "create" | "overwrite" | "append";
}

/** Files that are written at boot. */
export const fileSettings = (config: MachineConfig): readonly FileSettings[] =>
  (config.v1alpha1?.machine?.files ?? []).map(({ path = "", content = "", permissions = 0o644, op }) => ({
    ...{ path, content, mode: permissions },
    operation: op === "overwrite" || op === "append" ? op : "create",
  }));
