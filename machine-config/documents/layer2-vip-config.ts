import { isIP } from "node:net";
import { text } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

/** An address that the control plane shares: the document's name. */
export const layer2VipConfig = documentKind({
  kind: "Layer2VIPConfig",
  named: true,
  fields: { link: text },
  required: ["link"],
  *rules({ name = "" }) {
    if (name && isIP(name) === 0) yield ["name", "must be an IP address"];
  },
});
