import type { ResponseHeader } from "../../../api/gen/etcd/header_pb.js";
import { type Bookmark, BookmarkExpired } from "../../store.ts";

/** A moment in the history of one cluster: all revisions up to this one have happened. */
export interface Position {
  readonly cluster: bigint;
  readonly revision: bigint;
}

export function positionOf(header: ResponseHeader | undefined): Position {
  if (!header) throw new Error("Cannot place an answer of etcd in its history: it has no header");
  return { cluster: header.clusterId, revision: header.revision };
}

export const encodeBookmark = ({ cluster, revision }: Position): Bookmark =>
  `${cluster.toString(16)}-${revision}`;

export function decodeBookmark(bookmark: Bookmark): Position {
  const [, cluster, revision] = /^([0-9a-f]{1,16})-(\d{1,19})$/.exec(bookmark) ?? [];
  if (cluster === undefined || revision === undefined) {
    throw new BookmarkExpired(`Cannot watch from ${bookmark}: no etcd gave that bookmark`);
  }
  return { cluster: BigInt(`0x${cluster}`), revision: BigInt(revision) };
}
