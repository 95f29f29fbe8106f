import * as z from "zod";
import { text, u16 } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";
import { commonLink, linkRules } from "./link.ts";

export const vlanConfig = documentKind({
  kind: "VLANConfig",
  named: true,
  fields: { vlanID: u16, vlanMode: z.enum(["802.1q", "802.1ad"]), parent: text, ...commonLink },
  required: ["parent"],
  *rules(document) {
    const { vlanID = 0 } = document;
    yield* linkRules(document);
    if (vlanID < 1 || vlanID > 4094) yield ["vlanID", "must be between 1 and 4094"];
  },
});
