import { GrpcError } from "../../../../api/grpc/error.ts";
import { type MachineHandlers, one } from "./handler.ts";

/** The small values that outlive a reinstallation. */
export interface Meta {
  values(): Promise<ReadonlyMap<number, Uint8Array>>;
  write(tag: number, value: Uint8Array): Promise<void>;
  /** False when there was none. */
  delete(tag: number): Promise<boolean>;
}

export const meta = (deps: {
  /** Undefined on a machine that is not installed. */
  readonly meta: () => Meta | undefined;
}): MachineHandlers<"metaWrite" | "metaDelete"> => {
  const opened = (key: number): Meta => {
    if (key > 255) throw new GrpcError("invalidArgument", "key must be a uint8");
    const found = deps.meta();
    if (!found) throw new GrpcError("failedPrecondition", "META partition is not available");
    return found;
  };
  return {
    async metaWrite({ key, value }) {
      await opened(key).write(key, value);
      return one({});
    },

    async metaDelete({ key }) {
      if (!(await opened(key).delete(key))) {
        throw new GrpcError("notFound", `meta key not found: 0x${key.toString(16).padStart(2, "0")}`);
      }
      return one({});
    },
  };
};
