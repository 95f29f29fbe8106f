// JSON and YAML, which programs read, and people on their terminals: what would move the cursor is spelt out, and
// nothing is lost.
import { stringify } from "yaml";
import { moving } from "../printable.ts";

export const asJson = (value: unknown, indent?: number): string => spelt(JSON.stringify(value, null, indent));

export function asYaml(value: unknown): string {
  const text = stringify(value).trimEnd();
  if (spelt(text) === text) return text;
  // Only between double quotes can a character be spelt out.
  return spelt(stringify(value, { defaultStringType: "QUOTE_DOUBLE", lineWidth: 0 }).trimEnd());
}

const spelt = (text: string): string =>
  text.replaceAll(moving, (one) =>
    one === "\n" ? one : `\\u${one.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
