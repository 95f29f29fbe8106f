import { dhcpFields, dhcpRules } from "./dhcp.ts";
import { documentKind } from "./document-kind.ts";

export const dhcpv4Config = documentKind({
  kind: "DHCPv4Config",
  named: true,
  fields: dhcpFields,
  rules: dhcpRules,
});
