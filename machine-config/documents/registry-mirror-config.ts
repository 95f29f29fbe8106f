import { flag, url } from "../schema/scalars.ts";
import { list, section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

export const registryMirrorConfig = documentKind({
  kind: "RegistryMirrorConfig",
  named: true,
  fields: { endpoints: list(section({ url, overridePath: flag })), skipFallback: flag },
  *rules({ endpoints = [] }) {
    for (const [index, { url = "" }] of endpoints.entries()) {
      if (!/^https?:\/\//.test(url)) yield [`endpoints.${index}.url`, "must be http:// or https://"];
    }
  },
});
