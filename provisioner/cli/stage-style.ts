import type { Stage } from "../resources/stages.ts";
import type { Style } from "./paint.ts";

/** What needs somebody is seen at once; what goes its way by itself is not. */
const styles: Readonly<Record<Stage, Style | undefined>> = {
  failed: "red",
  conflicted: "red",
  rejected: "faint",
  cordoned: "yellow",
  stopped: "faint",
  discovered: "yellow",
  removing: "cyan",
  inspecting: "cyan",
  releasing: "cyan",
  wiping: "cyan",
  settingUpBmc: "cyan",
  installing: "cyan",
  starting: "cyan",
  pool: undefined,
  running: "green",
};

export const stageStyle = (stage: string): Style | undefined => styles[stage as Stage];
