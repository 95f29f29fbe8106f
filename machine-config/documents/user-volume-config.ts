import * as z from "zod";
import { flag } from "../schema/scalars.ts";
import { section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";
import { encryption, encryptionRules, provisioning, provisioningRules, volumeNameRules } from "./volume.ts";

export const userVolumeConfig = documentKind({
  kind: "UserVolumeConfig",
  named: true,
  fields: {
    volumeType: z.enum(["directory", "disk", "partition"]),
    provisioning,
    filesystem: section({ type: z.enum(["ext4", "xfs"]), projectQuotaSupport: flag }),
    encryption,
    mount: section({ disableAccessTime: flag, secure: flag }),
  },
  *rules(document) {
    const { volumeType = "partition", provisioning, filesystem, encryption } = document;
    yield* volumeNameRules(document);
    if (volumeType === "directory") {
      for (const field of ["provisioning", "filesystem", "encryption", "mount"] as const) {
        if (document[field]) yield [field, "is not for a volume that is a directory"];
      }
      return;
    }
    yield* provisioningRules(provisioning, { isRequired: volumeType === "partition" });
    if (volumeType === "disk" && !provisioning?.diskSelector?.match)
      yield ["provisioning.diskSelector", "is required"];
    yield* encryptionRules(encryption);
    if (filesystem?.projectQuotaSupport && filesystem.type === "ext4") {
      yield ["filesystem.projectQuotaSupport", "is for xfs"];
    }
  },
});
