import { text } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

export const trustedRootsConfig = documentKind({
  kind: "TrustedRootsConfig",
  named: true,
  fields: { certificates: text },
  required: ["certificates"],
});
