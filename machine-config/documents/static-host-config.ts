import { isIP } from "node:net";
import { text } from "../schema/scalars.ts";
import { list } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

/** Names for an address, which is the document's name. */
export const staticHostConfig = documentKind({
  kind: "StaticHostConfig",
  named: true,
  fields: { hostnames: list(text) },
  required: ["hostnames"],
  *rules({ name = "" }) {
    if (name && isIP(name) === 0) yield ["name", "must be an IP address"];
  },
});
