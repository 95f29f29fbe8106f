import { isCidr, u32 } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

export const blackholeRouteConfig = documentKind({
  kind: "BlackholeRouteConfig",
  named: true,
  fields: { metric: u32 },
  *rules({ name = "" }) {
    if (name && !isCidr(name)) yield ["name", "must be a network"];
  },
});
