import { dhcpFields, dhcpRules } from "./dhcp.ts";
import { documentKind } from "./document-kind.ts";

export const dhcpv6Config = documentKind({
  kind: "DHCPv6Config",
  named: true,
  fields: dhcpFields,
  rules: dhcpRules,
});
