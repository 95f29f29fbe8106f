import { closeSync, openSync, readSync, watch } from "node:fs";
import { basename, dirname } from "node:path";

/** Calls with each line that is written to a file, from its beginning, until disposed. */
export function forwardLines(file: string, line: (text: string) => void): Disposable {
  const fd = openSync(file, "a+");
  const buffer = Buffer.alloc(64 * 1024);
  let position = 0;
  let rest = "";
  const drain = () => {
    for (let size = readSync(fd, buffer, 0, buffer.length, position); size > 0; ) {
      position += size;
      const lines = (rest + buffer.toString("utf8", 0, size)).split("\n");
      rest = lines.pop() ?? "";
      lines.forEach(line);
      size = readSync(fd, buffer, 0, buffer.length, position);
    }
  };
  const watcher = watch(dirname(file), (_, name) => {
    if (name === null || name === basename(file)) drain();
  });
  drain();
  return {
    [Symbol.dispose]() {
      watcher.close();
      drain();
      closeSync(fd);
    },
  };
}
