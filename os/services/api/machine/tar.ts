// A tape archive (POSIX.1-2017, pax, "ustar Interchange Format"), as a stream.
import { createReadStream } from "node:fs";
import type { Found } from "./walk.ts";

const blockBytes = 512;

/** Where each field of a header stands, and how long it is. */
const layout = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  typeflag: [156, 1],
  linkname: [157, 100],
  magic: [257, 8],
} as const;
type Field = keyof typeof layout;

const typeflags = { file: "0", symlink: "2", folder: "5", extended: "x" } as const;
type Type = keyof typeof typeflags;

interface Entry {
  readonly name: string;
  readonly type: Exclude<Type, "extended">;
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly modified: Date;
  readonly link: string;
}

/** The header of an entry; what does not fit into its fields stands in an extended one before it. */
function tarHeader(entry: Entry): Uint8Array {
  const { name, link, size } = entry;
  const records: string[] = [];
  if (Buffer.byteLength(name) > 100) records.push(record("path", name));
  if (Buffer.byteLength(link) > 100) records.push(record("linkpath", link));
  if (size >= 8 ** 11) records.push(record("size", String(size)));
  const plain = block({ ...entry, type: entry.type });
  if (records.length === 0) return plain;
  const extension = Buffer.from(records.join(""));
  const header = block({
    ...{ name: "pax", type: "extended", mode: 0o644, uid: 0, gid: 0, link: "" },
    ...{ size: extension.length, modified: new Date(0) },
  });
  return Buffer.concat([header, extension, padding(extension.length), plain]);
}

const end: Uint8Array = Buffer.alloc(2 * blockBytes);

const padding = (size: number) => Buffer.alloc((blockBytes - (size % blockBytes)) % blockBytes);

/** `LENGTH KEY=VALUE\n`, where the length counts its own digits. */
function record(key: string, value: string): string {
  const rest = Buffer.byteLength(` ${key}=${value}\n`);
  let length = rest;
  while (String(length).length + rest !== length) length = String(length).length + rest;
  return `${length} ${key}=${value}\n`;
}

function block({ type, ...entry }: Omit<Entry, "type"> & { readonly type: Type }): Buffer {
  const header = Buffer.alloc(blockBytes);
  const text = (field: Field, value: string) => {
    const [at, length] = layout[field];
    Buffer.from(value).copy(header, at, 0, length);
  };
  const number = (field: Field, value: number) => {
    const digits = layout[field][1] - 1;
    text(
      field,
      Math.min(value, 8 ** digits - 1)
        .toString(8)
        .padStart(digits, "0"),
    );
  };
  text("name", entry.name);
  number("mode", entry.mode & 0o7777);
  number("uid", entry.uid);
  number("gid", entry.gid);
  number("size", entry.size);
  number("mtime", Math.max(0, Math.floor(entry.modified.getTime() / 1000)));
  text("typeflag", typeflags[type]);
  text("linkname", entry.link);
  text("magic", "ustar\x0000");
  // The sum is made with spaces where it will stand.
  text("checksum", " ".repeat(8));
  text(
    "checksum",
    `${header
      .reduce((sum, byte) => sum + byte, 0)
      .toString(8)
      .padStart(6, "0")}\0 `,
  );
  return header;
}

/** The archive of a walk. Devices, pipes and sockets are left out. */
export async function* tarOf(walked: AsyncIterable<Found>, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const { path, relativePath, stats, link } of walked) {
    if (!stats || !(stats.isFile() || stats.isDirectory() || stats.isSymbolicLink())) continue;
    const { mode, uid, gid, mtime: modified } = stats;
    const common = { mode, uid, gid, modified, link };
    if (!stats.isFile()) {
      const type = stats.isDirectory() ? "folder" : "symlink";
      const name = stats.isDirectory() ? `${relativePath}/` : relativePath;
      yield tarHeader({ ...common, name, type, size: 0 });
      continue;
    }
    // A file may grow while it is read, and what /proc calls empty is not: the header says what follows.
    if (stats.size === 0) {
      const content = await wholeOf(path, signal);
      yield tarHeader({ ...common, name: relativePath, type: "file", size: content.length });
      yield content;
      yield padding(content.length);
      continue;
    }
    yield tarHeader({ ...common, name: relativePath, type: "file", size: stats.size });
    yield* exactly(path, stats.size, signal);
    yield padding(stats.size);
  }
  yield end;
}

async function wholeOf(path: string, signal: AbortSignal): Promise<Uint8Array> {
  try {
    return Buffer.concat(await Array.fromAsync(createReadStream(path, { signal })));
  } catch (error) {
    if (signal.aborted) throw error;
    return Buffer.alloc(0);
  }
}

/** As many bytes as were promised: zeros for what is gone. */
async function* exactly(path: string, size: number, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  let left = size;
  for await (const chunk of createReadStream(path, { signal, end: size - 1 })) {
    left -= (chunk as Uint8Array).length;
    yield chunk as Uint8Array;
  }
  if (left > 0) yield Buffer.alloc(left);
}
