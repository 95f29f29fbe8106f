import type { MessageInitShape } from "@bufbuild/protobuf";
import type { InventorySchema } from "../../api/gen/ingot/agent/v1/inventory_pb.js";

export type InventoryContent = Omit<MessageInitShape<typeof InventorySchema>, "at" | "$typeName">;

export interface InventorySource {
  read(signal: AbortSignal): Promise<InventoryContent>;
  /** Resolves when it is worth reading again, such as after a wipe; rejects when the signal aborts. */
  changed(signal: AbortSignal): Promise<void>;
}
