import * as fc from "fast-check";
import { expect, test } from "vitest";
import { parseExpression } from "./expression.ts";

const variables = {
  disk: { transport: "nvme", size: 100 * 2 ** 30, serial: "S3Z", rotational: false, symlinks: ["/dev/a"] },
  system_disk: false,
};

test.each([
  ["disk.transport == 'nvme'", true],
  ['disk.transport == "sata" || disk.serial.startsWith("S3")', true],
  ["!system_disk && disk.size > 90u * GiB", true],
  ["disk.size >= 100GiB", undefined],
  ["disk.size > 1 * TB", false],
  ["disk.size / GiB - 100 == 0", true],
  ["disk.transport in ['sata', 'nvme']", true],
  ['"/dev/a" in disk.symlinks', true],
  ["disk.serial.matches('^S[0-9]Z$') && !disk.rotational", true],
  ["system_disk ? disk.size > 1 : disk.serial.size() == 3", true],
  ["1 + 2 * 3 == 7 && -(1) < 0", true],
  ["true || disk.colour == 'red'", true],
])("%s is %s", (text, expected) => {
  if (expected === undefined) expect(() => parseExpression(text)).toThrow(/Cannot read the expression/);
  else expect(parseExpression(text)(variables)).toBe(expected);
});

test.each([
  ["disk.transport =", 'Cannot read the expression: "=" at 16 is not expected'],
  ["(system_disk", 'Cannot read the expression: "its end" at 13 is not expected'],
  ["disk.serial.foo()", 'Cannot read the expression: "foo" at 13 is not expected'],
  ["disk.colour == 'red'", "Cannot tell what colour is"],
  ["disk.size && true", "Cannot decide by what is neither true nor false"],
  ["disk.serial * 2 == 4", "Cannot calculate with what is no number"],
  ["constructor == 'x'", "Cannot tell what constructor is"],
])("%s: %s", (text, why) => {
  expect(() => parseExpression(text)(variables)).toThrow(why);
});

test("whatever is written is an expression or an error, and never hangs", () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[a-z0-9_.()[\]'"!&|<>=+*?: -]{0,60}$/), (text) => {
      try {
        parseExpression(text)(variables);
      } catch (error) {
        expect(error).toBeInstanceOf(Error);
      }
    }),
  );
});
