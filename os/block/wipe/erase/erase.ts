import type { BlockDevice } from "../../block-device.ts";

/** Makes a disk erase all of itself. Throws Unsupported before anything has changed where it cannot. */
export type Erase = (
  device: Pick<BlockDevice, "path" | "firmware">,
  task: {
    /** 0 to 1. */
    readonly progress: (part: number) => void;
    /** Until it is worth asking again; rejects when the signal aborts. */
    readonly pause: (signal: AbortSignal) => Promise<void>;
    readonly signal: AbortSignal;
  },
) => Promise<void>;
