import * as z from "zod";
import { flag, text } from "../schema/scalars.ts";
import { section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";
import { volumeNameRules } from "./volume.ts";

export const externalVolumeConfig = documentKind({
  kind: "ExternalVolumeConfig",
  named: true,
  fields: {
    filesystemType: z.enum(["virtiofs"]),
    mount: section({
      readOnly: flag,
      disableAccessTime: flag,
      secure: flag,
      virtiofs: section({ tag: text }),
    }),
  },
  required: ["filesystemType"],
  *rules(document) {
    yield* volumeNameRules(document);
    if (!document.mount?.virtiofs?.tag) yield ["mount.virtiofs.tag", "is required"];
  },
});
