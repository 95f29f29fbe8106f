/** The stages of a machine's life, as operators know them. decisions/next-step.ts says what each one is about. */
export const stages = [
  "rejected",
  "cordoned",
  "removing",
  "conflicted",
  "discovered",
  "failed",
  "inspecting",
  "releasing",
  "wiping",
  "settingUpBmc",
  "stopped",
  "pool",
  "installing",
  "starting",
  "running",
] as const;

export type Stage = (typeof stages)[number];
