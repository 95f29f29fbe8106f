import { Readable } from "node:stream";
import { createGzip } from "node:zlib";
import { GrpcError } from "../../../../api/grpc/error.ts";
import type { MachineHandlers } from "./handler.ts";
import { cleanPath } from "./list.ts";
import { tarOf } from "./tar.ts";
import { walk } from "./walk.ts";

export const copy: MachineHandlers<"copy"> = {
  async *copy({ rootPath }, { signal }) {
    if (!rootPath.startsWith("/")) throw new GrpcError("unknown", `path is not absolute ${rootPath}`);
    const files = walk(cleanPath(rootPath), { maxDepth: Infinity, signal });
    const gzip = createGzip();
    const archive = Readable.from(tarOf(files, signal), { objectMode: false });
    archive.on("error", (error) => gzip.destroy(error));
    for await (const bytes of archive.pipe(gzip)) yield { bytes: bytes as Uint8Array };
  },
};
