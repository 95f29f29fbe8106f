import { addressAndPort } from "../schema/scalars.ts";
import { list } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

export const kubeSpanEndpointsConfig = documentKind({
  kind: "KubeSpanEndpointsConfig",
  fields: { extraAnnouncedEndpoints: list(addressAndPort) },
});
