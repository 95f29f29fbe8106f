import { text } from "../schema/scalars.ts";
import { mapOf } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

/** Kernel parameters under /proc/sys. */
export const sysctlConfig = documentKind({
  kind: "SysctlConfig",
  fields: { params: mapOf(text) },
  *rules({ params = {} }) {
    if ("" in params) yield ["params", "has an empty key"];
  },
});
