// Bookmarks are text to us and bytes on the wire. Upstream's are any bytes, so each byte is one character.
import type { Bookmark } from "../store.ts";

export const encodeBookmark = (bookmark: Bookmark): Uint8Array => Buffer.from(bookmark, "latin1");
export const decodeBookmark = (bytes: Uint8Array): Bookmark => Buffer.from(bytes).toString("latin1");
