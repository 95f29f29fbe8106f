import type { ChangeRule } from "../controllers/network/routing-rules.ts";
import { families } from "../kernel/netlink/address.ts";
import { NetlinkError, type Rtnetlink } from "../kernel/netlink/rtnetlink.ts";
import { rule, ruleMessages } from "../kernel/netlink/rule.ts";

/** Of what is there already, or is gone already. */
const settled: ReadonlySet<string> = new Set(["EEXIST", "ENOENT"]);

export const changeRuleOf =
  (kernel: Pick<Rtnetlink, "change">): ChangeRule =>
  async (what, { priority, src, dst, table, action, iifName, oifName, fwMark, fwMask }) => {
    const [source = "", sourceLength = "0"] = src.split("/");
    const [destination = "", destinationLength = "0"] = dst.split("/");
    for (const family of familiesOf(src, dst)) {
      try {
        await kernel.change(
          `${what} rule ${priority}`,
          what === "add" ? ruleMessages.added : ruleMessages.removed,
          rule,
          {
            ...{ family, tos: 0, table: 0, action, flags: 0 },
            ...{ sourceLength: Number(sourceLength), destinationLength: Number(destinationLength) },
            attributes: {
              ...{ priority, ...(action === "unicast" && { table }) },
              ...(source !== "" && { source }),
              ...(destination !== "" && { destination }),
              ...(iifName !== "" && { inInterface: iifName }),
              ...(oifName !== "" && { outInterface: oifName }),
              ...(fwMark !== 0 && { firewallMark: fwMark, firewallMask: fwMask || 0xffffffff }),
            },
          },
          what === "add" ? ["create", "exclusive"] : [],
        );
      } catch (error) {
        if (!(error instanceof NetlinkError && settled.has(error.code))) throw error;
      }
    }
  };

/** That of its networks; both when it names none. */
function familiesOf(src: string, dst: string): readonly number[] {
  const named = src || dst;
  if (named === "") return [families.ipv4, families.ipv6];
  return [named.includes(":") ? families.ipv6 : families.ipv4];
}
