import { type Document, isAlias, visit } from "yaml";
import { plainYaml } from "../decode/syntax.ts";

/** Aliases cannot outlive a change to what they name: a document that has them is written out, without its comments. */
export function withoutAliases(document: Document): Document {
  let found = false;
  visit(document, (_, node) => {
    found ||= isAlias(node);
    return found ? visit.BREAK : undefined;
  });
  if (!found) return document;
  const expanded = document.clone();
  expanded.contents = document.createNode(plainYaml(document), {
    aliasDuplicateObjects: false,
  }) as typeof expanded.contents;
  return expanded;
}
