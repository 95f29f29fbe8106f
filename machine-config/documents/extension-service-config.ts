import { text } from "../schema/scalars.ts";
import { keyedList, list, section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

export const extensionServiceConfig = documentKind({
  kind: "ExtensionServiceConfig",
  named: true,
  fields: {
    configFiles: keyedList(section({ content: text, mountPath: text }), ["mountPath"]),
    environment: list(text),
  },
  *rules({ configFiles = [], environment = [] }) {
    if (configFiles.length === 0 && environment.length === 0) yield ["", "needs configFiles or environment"];
    for (const [index, { content, mountPath }] of configFiles.entries()) {
      if (!content) yield [`configFiles.${index}.content`, "is required"];
      if (!mountPath) yield [`configFiles.${index}.mountPath`, "is required"];
    }
  },
});
