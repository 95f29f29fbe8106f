import { text } from "../schema/scalars.ts";
import { mapOf } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

/** Values under /sys. */
export const sysfsConfig = documentKind({
  kind: "SysfsConfig",
  fields: { params: mapOf(text) },
  *rules({ params = {} }) {
    if ("" in params) yield ["params", "has an empty key"];
  },
});
