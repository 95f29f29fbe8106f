import { documentKind } from "./document-kind.ts";
import { encryption, encryptionRules, provisioning, provisioningRules, volumeNameRules } from "./volume.ts";

export const rawVolumeConfig = documentKind({
  kind: "RawVolumeConfig",
  named: true,
  fields: { provisioning, encryption },
  *rules(document) {
    yield* volumeNameRules(document);
    yield* provisioningRules(document.provisioning, { isRequired: true });
    yield* encryptionRules(document.encryption);
  },
});
