import { hardwareAddress, routingTable, text } from "../schema/scalars.ts";
import { list } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";
import { commonLink, linkRules } from "./link.ts";

const reserved: ReadonlySet<string> = new Set([
  "",
  "0",
  "unspec",
  "253",
  "default",
  "254",
  "main",
  "255",
  "local",
]);

export const vrfConfig = documentKind({
  kind: "VRFConfig",
  named: true,
  fields: { hardwareAddr: hardwareAddress, links: list(text), table: routingTable, ...commonLink },
  *rules(document) {
    const { table = "" } = document;
    yield* linkRules(document);
    if (reserved.has(table)) yield ["table", "must be a routing table that is not one of the kernel's own"];
  },
});
