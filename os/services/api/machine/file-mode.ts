// Go's FileMode (package io/fs), which is what clients print: permission bits are those of stat(2), the rest is not.
const kinds: readonly (readonly [stMode: number, goMode: number])[] = [
  [0o040000, 2 ** 31], // directory
  [0o120000, 2 ** 27], // symbolic link
  [0o060000, 2 ** 26], // block device
  [0o020000, 2 ** 26 + 2 ** 21], // character device
  [0o010000, 2 ** 25], // named pipe
  [0o140000, 2 ** 24], // socket
];
const marks: readonly (readonly [stMode: number, goMode: number])[] = [
  [0o4000, 2 ** 23], // set user id
  [0o2000, 2 ** 22], // set group id
  [0o1000, 2 ** 20], // sticky
];

export function goFileMode(stMode: number): number {
  const kind = kinds.find(([st]) => (stMode & 0o170000) === st)?.[1] ?? 0;
  const marked = marks.reduce((sum, [st, go]) => sum + (stMode & st ? go : 0), 0);
  return kind + marked + (stMode & 0o777);
}
