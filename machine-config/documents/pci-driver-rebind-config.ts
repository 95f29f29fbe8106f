import { text } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

/** Binds a PCI device, which is the document's name, to another driver. */
export const pciDriverRebindConfig = documentKind({
  kind: "PCIDriverRebindConfig",
  named: true,
  fields: { targetDriver: text },
  required: ["targetDriver"],
});
