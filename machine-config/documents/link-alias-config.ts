import { expression } from "../schema/scalars.ts";
import { section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

/** Gives the links that an expression selects a name of their own; `%d` in the name counts them. */
export const linkAliasConfig = documentKind({
  kind: "LinkAliasConfig",
  named: true,
  fields: { selector: section({ match: expression }) },
  *rules({ name = "", selector }) {
    if (!selector?.match) yield ["selector", "is required"];
    if (name.includes("%") && !/^[^%]+%d$/.test(name))
      yield ["name", "may hold %d at its end, and no other verb"];
  },
});
