import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { GrpcError } from "../../../../api/grpc/error.ts";
import type { MachineHandlers } from "./handler.ts";

export const read: MachineHandlers<"read"> = {
  async *read({ path }, { signal }) {
    const stats = await stat(path).catch((cause: NodeJS.ErrnoException) => {
      if (cause.code === "ENOENT" || cause.code === "ENOTDIR")
        throw new GrpcError("notFound", `stat ${path}: no such file or directory`, { cause });
      throw new GrpcError("unknown", cause.message, { cause });
    });
    if (!stats.isFile()) throw new GrpcError("unknown", "path must be a regular file");
    for await (const bytes of createReadStream(path, { signal })) yield { bytes: bytes as Uint8Array };
  },
};
