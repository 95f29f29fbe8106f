import { ImageService } from "../../../api/gen/machine/image_pb.js";
import { GrpcError } from "../../../api/grpc/error.ts";
import { type ServedService, serve } from "../../../api/grpc/serve.ts";

/** Rejects with a GrpcError when the image cannot be had, or not be trusted. */
export type CheckImage = (image: string, signal: AbortSignal) => Promise<void>;

/**
 * `machine.ImageService`, as far as an upgrade needs it: clients since v1.13 pull before they upgrade. Nothing is kept
 * between the two: pulling says whether there is such an image that this machine would take, and the upgrade fetches it.
 */
export const imageService = (deps: {
  /** Undefined on a machine that runs from memory. */
  readonly checkImage: () => CheckImage | undefined;
}): ServedService =>
  serve(ImageService, {
    async *pull({ imageRef }, { signal }) {
      if (imageRef === "") throw new GrpcError("invalidArgument", "image_ref is required");
      await deps.checkImage()?.(imageRef, signal);
      yield { response: { case: "name", value: imageRef } };
    },
  });
