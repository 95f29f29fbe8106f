import { ImageService } from "../../../api/gen/machine/image_pb.js";
import { GrpcError } from "../../../api/grpc/error.ts";
import { serve } from "../../../api/grpc/serve.ts";

/**
 * `machine.ImageService`, as far as an upgrade needs it: clients since v1.13 pull before they upgrade. Nothing is kept
 * between the two, so pulling only says that the upgrade will fetch the image itself.
 */
export const imageService = serve(ImageService, {
  async *pull({ imageRef }) {
    if (imageRef === "") throw new GrpcError("invalidArgument", "image_ref is required");
    yield { response: { case: "name", value: imageRef } };
  },
});
