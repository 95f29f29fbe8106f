import { duration, expression } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

export const oomConfig = documentKind({
  kind: "OOMConfig",
  fields: { triggerExpression: expression, cgroupRankingExpression: expression, sampleInterval: duration },
  *rules({ sampleInterval }) {
    if (sampleInterval?.startsWith("-")) yield ["sampleInterval", "must not be negative"];
  },
});
