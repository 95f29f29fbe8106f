import { documentKind } from "./document-kind.ts";
import { commonLink, linkRules } from "./link.ts";

/** A physical link, or one that exists already. */
export const linkConfig = documentKind({
  kind: "LinkConfig",
  named: true,
  fields: commonLink,
  rules: linkRules,
});
