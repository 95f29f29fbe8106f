import type { Metadata } from "@grpc/grpc-js";

/** The values of a header that was sent several times: Node hands them over as one, with commas between. */
export const headerValues = (metadata: Metadata, name: string): string[] =>
  metadata.get(name).flatMap((value) => String(value).split(/\s*,\s*/));
