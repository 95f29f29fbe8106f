import { text } from "../schema/scalars.ts";
import { list } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

/** A kernel module to load: the document's name. */
export const kernelModuleConfig = documentKind({
  kind: "KernelModuleConfig",
  named: true,
  fields: { parameters: list(text) },
});
