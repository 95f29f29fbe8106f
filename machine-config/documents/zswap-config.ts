import { flag, integer } from "../schema/scalars.ts";
import { zeroCounts } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

export const zswapConfig = documentKind({
  kind: "ZswapConfig",
  fields: { maxPoolPercent: zeroCounts(integer), shrinkerEnabled: flag },
  *rules({ maxPoolPercent = 0 }) {
    if (maxPoolPercent < 0 || maxPoolPercent > 100) yield ["maxPoolPercent", "must be between 0 and 100"];
  },
});
