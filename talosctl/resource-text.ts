import { stringify } from "yaml";
import type { Resource } from "./resources.ts";

/** A resource in YAML, as upstream prints it. */
export const resourceText = (node: string, { metadata, spec }: Resource): string =>
  `node: ${node}\nmetadata:\n${metadataText(metadata)}${stringify({ spec }, { version: "1.1", indent: 4, lineWidth: 0 })}`;

/** Bare, as upstream writes it: what is a time or a number to YAML is text to nobody who reads this. */
function metadataText(metadata: Resource["metadata"]): string {
  const line = (indent: string, name: string, value: unknown): string => {
    if (Array.isArray(value))
      return `${indent}${name}:\n${value.map((it) => `${indent}    - ${it}\n`).join("")}`;
    if (typeof value === "object" && value !== null) {
      const inner = Object.entries(value).map(([key, it]) => line(`${indent}    `, key, it));
      return `${indent}${name}:\n${inner.join("")}`;
    }
    return `${indent}${name}: ${String(value)}`.trimEnd().concat("\n");
  };
  return Object.entries(metadata)
    .map(([name, value]) => line("    ", name, value))
    .join("");
}
