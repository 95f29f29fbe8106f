import { isIP } from "node:net";
import { text } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

/** An address that the control plane shares: the document's name. */
export const hcloudVipConfig = documentKind({
  kind: "HCloudVIPConfig",
  named: true,
  fields: { link: text, apiToken: text },
  required: ["link", "apiToken"],
  *rules({ name = "" }) {
    if (name && isIP(name) === 0) yield ["name", "must be an IP address"];
  },
});
