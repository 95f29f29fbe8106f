import { statfs } from "node:fs/promises";
import { StorageService } from "../../../api/gen/machine/storage_pb.js";
import { GrpcError } from "../../../api/grpc/error.ts";
import { serve } from "../../../api/grpc/serve.ts";

/** How much room there is; `machine.StorageService`, where newer clients look. */
export const filesystemService = serve(StorageService, {
  async statfs({ path }) {
    if (!path.startsWith("/")) throw new GrpcError("invalidArgument", "path must be absolute");
    const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(path, { bigint: true }).catch(
      (cause: NodeJS.ErrnoException) => {
        throw new GrpcError(cause.code === "ENOENT" ? "notFound" : "internal", cause.message, { cause });
      },
    );
    return {
      size: bsize * blocks,
      used: bsize * (blocks - bfree),
      available: bsize * bavail,
      inodes: files,
      inodesUsed: files - ffree,
      inodesFree: ffree,
    };
  },
});
