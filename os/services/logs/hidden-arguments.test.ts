import { expect, test } from "vitest";
import { withoutSecrets } from "./hidden-arguments.ts";

test.each([
  [
    "quiet talos.config.inline=KLUv/QRY talos.config.inline=abc= panic=1",
    "quiet talos.config.inline=… talos.config.inline=… panic=1",
  ],
  ['Kernel command line: talos.config.early="a b" x', "Kernel command line: talos.config.early=… x"],
  ["ingot.token=abc.def ingot.boot=b00t", "ingot.token=… ingot.boot=b00t"],
  ["talos.config=https://me:secret@host/c?uuid=", "talos.config=https://…@host/c?uuid="],
  ["talos.config=https://host/a@b console=ttyS0", "talos.config=https://host/a@b console=ttyS0"],
])("%s is told as %s", (line, told) => expect(withoutSecrets(line)).toBe(told));
