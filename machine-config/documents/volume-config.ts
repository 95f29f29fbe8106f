import { flag } from "../schema/scalars.ts";
import { section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";
import { encryption, encryptionRules, provisioning, provisioningRules } from "./volume.ts";

const systemVolumes: readonly string[] = ["STATE", "EPHEMERAL", "IMAGECACHE"];

/** One of the system's own volumes. */
export const volumeConfig = documentKind({
  kind: "VolumeConfig",
  named: true,
  fields: { provisioning, encryption, mount: section({ secure: flag }) },
  *rules({ name = "", provisioning, encryption }) {
    if (!systemVolumes.includes(name)) yield ["name", `must be one of ${systemVolumes.join(", ")}`];
    if (name === "STATE") {
      if (provisioning) yield ["provisioning", "is not for STATE"];
      if (encryption?.keys?.some(({ lockToState }) => lockToState)) {
        yield ["encryption.keys", "STATE cannot be locked to itself"];
      }
    }
    yield* provisioningRules(provisioning, { isRequired: false });
    yield* encryptionRules(encryption);
  },
});
