import { expression, flag } from "../schema/scalars.ts";
import { section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";
import { volumeNameRules } from "./volume.ts";

export const existingVolumeConfig = documentKind({
  kind: "ExistingVolumeConfig",
  named: true,
  fields: {
    discovery: section({ volumeSelector: section({ match: expression }) }),
    mount: section({ readOnly: flag, disableAccessTime: flag, secure: flag }),
  },
  *rules(document) {
    yield* volumeNameRules(document);
    if (!document.discovery?.volumeSelector?.match) yield ["discovery.volumeSelector", "is required"];
  },
});
