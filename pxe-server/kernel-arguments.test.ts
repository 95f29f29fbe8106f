import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { formatKernelArguments, KernelArgumentError, parseKernelArgument } from "./kernel-arguments.ts";

describe("kernel arguments", () => {
  test.each([
    ["quiet", { name: "quiet", value: undefined }],
    ["console=ttyS0,115200n8", { name: "console", value: "ttyS0,115200n8" }],
    ["talos.config=https://h:8443/c?u=1&m=2", { name: "talos.config", value: "https://h:8443/c?u=1&m=2" }],
    ["init_on_alloc=1", { name: "init_on_alloc", value: "1" }],
    ["empty=", { name: "empty", value: "" }],
  ])("reads %s", (text, argument) => {
    expect(parseKernelArgument(text)).toEqual(argument);
    expect(formatKernelArguments([parseKernelArgument(text)])).toBe(text);
  });

  test.each([
    ["a blank", "a=b c"],
    ["a line feed", "a=b\nreboot"],
    ["an iPXE variable", "a=${net0/mac}"],
    ["a quote", 'a="b'],
    ["a single quote", "a=b'"],
    ["a backslash", "a=\\n"],
    ["non-ASCII", "a=é"],
    ["a no-break space", "a=b\u00a0c"],
    ["an operator as a name", "||"],
    ["a leading dash", "--name=x"],
    ["nothing", ""],
    ["a NUL", "a=b\0c"],
  ])("refuse %s", (_, text) => {
    expect(() => parseKernelArgument(text)).toThrow(KernelArgumentError);
  });

  test("refuse what a kernel would silently cut", () => {
    expect(() => formatKernelArguments([{ name: "a", value: "x".repeat(2046) }])).toThrow("2048 characters");
  });

  test("a line splits back into exactly the arguments it was made of, whatever the text", () => {
    const argument = fc.record({ name: fc.string(), value: fc.option(fc.string(), { nil: undefined }) });
    fc.assert(
      fc.property(fc.array(argument, { maxLength: 5 }), (args) => {
        let line: string;
        try {
          line = formatKernelArguments(args);
        } catch (error) {
          expect(error).toBeInstanceOf(KernelArgumentError);
          return;
        }
        expect(line === "" ? [] : line.split(/\s/).map(parseKernelArgument)).toEqual(args);
      }),
    );
  });
});
