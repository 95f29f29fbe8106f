import { hardwareAddress } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";
import { commonLink, linkRules } from "./link.ts";

export const dummyLinkConfig = documentKind({
  kind: "DummyLinkConfig",
  named: true,
  fields: { hardwareAddr: hardwareAddress, ...commonLink },
  rules: linkRules,
});
