import type { Document, YAMLMap } from "yaml";
import type * as z from "zod";
import { decodeYaml } from "../decode/decode.ts";
import { InvalidMachineConfig } from "../decode/diagnostic.ts";
import { type Identity, identify, identityText, version } from "../decode/identity.ts";
import { withoutAliases } from "./aliases.ts";
import { applyDeletion, type Deletion, takeDeletions } from "./deletion.ts";
import { mergeMappings } from "./strategic-merge.ts";

interface Change extends Identity {
  readonly schema: z.ZodObject;
  readonly deletions: readonly Deletion[];
  /** What is left to merge; undefined when the change only deletes. */
  readonly yaml: Document | undefined;
}

export interface StrategicPatch {
  readonly changes: readonly Change[];
}

/** Checks the patch as strictly as a config; `$patch: delete` may stand in any mapping of it. */
export function strategicPatch(documents: readonly Document[]): StrategicPatch {
  const changes = documents
    .filter(({ contents }) => contents !== null)
    .map((document): Change => {
      const identified = identify(document);
      if ("why" in identified) throw refused("", identified.why);
      const yaml = withoutAliases(document);
      const deletions = takeDeletions(yaml);
      return { ...identified, deletions, yaml: deletions.length > 0 && saysNothing(yaml) ? undefined : yaml };
    });
  decodeYaml(changes.flatMap(({ yaml }) => (yaml ? [yaml] : [])));
  return { changes };
}

const headerKeys: ReadonlySet<unknown> = new Set(["apiVersion", "kind", "name", "version"]);

/** A document of which deletions left nothing but its header. */
function saysNothing({ contents }: Document): boolean {
  return (contents as YAMLMap).items.every(({ key }) => headerKeys.has(String(key)));
}

/** The documents with the patch applied: it may change them, and the result is in their order, new ones last. */
export function applyStrategic(
  documents: readonly Document[],
  { changes }: StrategicPatch,
): readonly Document[] {
  let result = documents.map(withoutAliases);
  for (const change of changes) {
    const target = result.find((document) => isSame(document, change));
    for (const deletion of change.deletions) {
      const at = deletion.path.join(".");
      if (!target) throw refused(at, `cannot be deleted: there is no ${identityText(change)}`);
      if (at !== "") applyDeletion(target, deletion);
      else if (change.kind === version) throw refused(at, "the v1alpha1 document cannot be deleted");
      else result = result.filter((document) => document !== target);
    }
    if (!change.yaml) continue;
    if (target && result.includes(target)) {
      mergeMappings(target.contents as YAMLMap, change.yaml.contents as YAMLMap, change.schema);
    } else {
      result.push(change.yaml.clone());
    }
  }
  return result;
}

function isSame(document: Document, { kind, name }: Identity): boolean {
  const identified = identify(document);
  return !("why" in identified) && identified.kind === kind && identified.name === name;
}

const refused = (path: string, why: string) =>
  new InvalidMachineConfig("patch", [{ line: 0, column: 0, path, why }]);
