import { type Document, isMap, isScalar, isSeq, type YAMLMap } from "yaml";
import { InvalidMachineConfig } from "../decode/diagnostic.ts";

/** One `$patch: delete`: the value at a path, or the item of the list at that path which has this key and value. */
export interface Deletion {
  readonly path: readonly string[];
  readonly item?: { readonly key: string; readonly value: string };
}

const marker = "$patch";

/** Takes every `$patch: delete` out of the patch, with the mappings and lists that are empty without it. */
export function takeDeletions(document: Document): readonly Deletion[] {
  const deletions: Deletion[] = [];
  const { contents } = document;
  if (isMap(contents) && isDeletion(contents)) {
    contents.delete(marker);
    return [{ path: [] }];
  }
  takeFrom(contents, [], deletions);
  return deletions;
}

function isDeletion(map: YAMLMap): boolean {
  const value = map.get(marker);
  if (value === undefined) return false;
  if (value !== "delete") throw refused([], `${marker} can be delete, and nothing else`);
  return true;
}

/** Returns whether anything is left. */
function takeFrom(node: unknown, path: readonly string[], deletions: Deletion[]): boolean {
  const before = deletions.length;
  if (isMap(node)) {
    node.items = node.items.filter(({ key, value }) => {
      const inside = [...path, text(key)];
      if (!isMap(value) || !isDeletion(value)) return takeFrom(value, inside, deletions);
      deletions.push({ path: inside });
      return false;
    });
    return node.items.length > 0 || deletions.length === before;
  }
  if (isSeq(node)) {
    node.items = node.items.filter((item) => {
      if (!isMap(item) || !isDeletion(item)) return takeFrom(item, path, deletions);
      const selector = item.items.find(({ key }) => text(key) !== marker);
      if (!selector) throw refused(path, "an item that is to be deleted must be named by one of its keys");
      deletions.push({ path, item: { key: text(selector.key), value: text(selector.value) } });
      return false;
    });
    return node.items.length > 0 || deletions.length === before;
  }
  return true;
}

export function applyDeletion(document: Document, { path, item }: Deletion): void {
  if (!item) {
    if (!document.hasIn(path) || !document.deleteIn(path))
      throw refused(path, "cannot be deleted: it is not there");
    return;
  }
  const list = document.getIn(path, true);
  const index = isSeq(list)
    ? list.items.findIndex((entry) => isMap(entry) && text(entry.get(item.key, true)) === item.value)
    : -1;
  if (!isSeq(list) || index < 0) {
    throw refused(path, `cannot be deleted: there is no item whose ${item.key} is ${item.value}`);
  }
  list.delete(index);
}

const text = (node: unknown) => (isScalar(node) ? String(node.value) : JSON.stringify(node));

const refused = (path: readonly string[], why: string) =>
  new InvalidMachineConfig("patch", [{ line: 0, column: 0, path: path.join("."), why }]);
