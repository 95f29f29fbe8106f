import { flag, hardwareAddress, text } from "../schema/scalars.ts";
import { list, section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";
import { commonLink, linkRules } from "./link.ts";

export const bridgeConfig = documentKind({
  kind: "BridgeConfig",
  named: true,
  fields: {
    hardwareAddr: hardwareAddress,
    links: list(text),
    stp: section({ enabled: flag }),
    vlan: section({ filtering: flag }),
    ...commonLink,
  },
  rules: linkRules,
});
