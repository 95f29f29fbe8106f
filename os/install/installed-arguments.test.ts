import { expect, test } from "vitest";
import { installedArguments } from "./installed-arguments.ts";

test.each<[line: string, extra: string[], expected: string[], wanted?: string[]]>([
  [
    "console=ttyS0 talos.config=http://c/x ingot.image=http://i BOOT_IMAGE=x panic=1",
    [],
    ["console=ttyS0", "panic=1", "init_on_free=1"],
  ],
  ["initrd=initramfs quiet talos.config.inline=abc", [], ["quiet", "init_on_free=1", "panic=10"]],
  [
    "console=tty0 console=ttyS0",
    ["console=ttyS0", "net.ifnames=0"],
    ["console=tty0", "console=ttyS0", "net.ifnames=0", "init_on_free=1", "panic=10"],
  ],
  ["kernel initrd=initrd0 console=ttyS0 panic=1", [], ["console=ttyS0", "panic=1", "init_on_free=1"]],
  ["quiet loglevel=6 panic=10", ["quiet"], ["quiet"], ["loglevel=6", "panic=10", "init_on_free=1"]],
  [
    'a="b c" ip=10.0.0.1',
    ["panic=0", "init_on_free=0"],
    ['a="b c"', "ip=10.0.0.1", "panic=0", "init_on_free=0"],
  ],
])("%s with %s becomes %s", (line, extra, expected, wanted) => {
  expect(installedArguments(line, extra, wanted)).toEqual(expected);
});
