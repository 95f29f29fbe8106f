// An initramfs is a cpio archive of the "newc" kind (Linux, Documentation/driver-api/early-userspace/buffer-format.rst).

export type Entry =
  | { readonly path: string; readonly type: "directory" }
  | { readonly path: string; readonly type: "file"; readonly mode: number; readonly content: Uint8Array }
  | { readonly path: string; readonly type: "device"; readonly major: number; readonly minor: number };

const S_IFDIR = 0o040000;
const S_IFCHR = 0o020000;
const S_IFREG = 0o100000;

/** The archive, owned by root and dated 1970, so that the same entries always give the same bytes. */
export function cpio(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap((entry, index) => record(entry, index + 1));
  return padded(
    Buffer.concat([
      ...parts,
      ...record({ path: "TRAILER!!!", type: "file", mode: -S_IFREG, content: empty }, 0),
    ]),
    512,
  );
}

const empty = new Uint8Array();

function record(entry: Entry, inode: number): Buffer[] {
  const content = entry.type === "file" ? entry.content : empty;
  const fields = [
    inode,
    modeOf(entry),
    0, // owner
    0, // group
    1, // links
    0, // time
    content.length,
    0, // the archive's own device
    0,
    entry.type === "device" ? entry.major : 0,
    entry.type === "device" ? entry.minor : 0,
    Buffer.byteLength(entry.path) + 1,
    0, // checksum: not in this kind
  ];
  const header = `070701${fields.map((field) => field.toString(16).padStart(8, "0")).join("")}${entry.path}\0`;
  return [padded(Buffer.from(header), 4), padded(content, 4)];
}

function modeOf(entry: Entry): number {
  switch (entry.type) {
    case "directory":
      return S_IFDIR | 0o755;
    case "device":
      return S_IFCHR | 0o600;
    case "file":
      return S_IFREG + entry.mode;
  }
}

function padded(bytes: Uint8Array, boundary: number): Buffer {
  return Buffer.concat([bytes, Buffer.alloc(-bytes.length & (boundary - 1))]);
}
