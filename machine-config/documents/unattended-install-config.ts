import { expression, flag, text } from "../schema/scalars.ts";
import { section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

/** What machine.install says, as a document of its own. */
export const unattendedInstallConfig = documentKind({
  kind: "UnattendedInstallConfig",
  fields: {
    reboot: flag,
    installer: section({ image: text }),
    provisioning: section({ diskSelector: section({ match: expression }), wipe: flag }),
  },
  *rules({ provisioning }) {
    if (!provisioning?.diskSelector?.match) yield ["provisioning.diskSelector.match", "is required"];
  },
});
