import { describe, expect, test } from "vitest";
import { parseKernelArguments } from "./kernel-arguments.ts";

describe("the kernel's command line", () => {
  const line = parseKernelArguments(
    'quiet console=tty0 console=ttyS0,115200 talos.config="http://h/c?a=b c" panic=0\n',
  );

  test.each([
    ["the last of several values", "console", "ttyS0,115200"],
    ["a value with = and a space", "talos.config", "http://h/c?a=b c"],
    ["an argument without a value", "quiet", ""],
    ["a zero", "panic", "0"],
    ["an absent argument", "ingot.token", undefined],
  ])("%s", (_, name, value) => {
    expect(line.last(name)).toBe(value);
  });

  test("keeps every value in order", () => {
    expect(line.all("console")).toEqual(["tty0", "ttyS0,115200"]);
    expect(line.all("ip")).toEqual([]);
  });
});
