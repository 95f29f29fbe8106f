import { address, flag, text } from "../schema/scalars.ts";
import { list, section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

export const resolverConfig = documentKind({
  kind: "ResolverConfig",
  fields: {
    nameservers: list(section({ address })),
    searchDomains: section({ domains: list(text), disableDefault: flag }),
  },
});
