import { expect, test } from "vitest";
import { parseDependencies, withDependencies } from "./modules.ts";

const dependencies = parseDependencies(`kernel/a.ko.xz: kernel/b.ko.xz kernel/c.ko.xz
kernel/b.ko.xz: kernel/d.ko.xz
kernel/c.ko.xz:
kernel/d.ko.xz:
kernel/unrelated.ko.xz: kernel/c.ko.xz
`);

test("a chosen module brings all it depends on, directly or not, and nothing else", () => {
  expect([...withDependencies(dependencies, (path) => path === "kernel/a.ko.xz")].sort()).toEqual([
    "kernel/a.ko.xz",
    "kernel/b.ko.xz",
    "kernel/c.ko.xz",
    "kernel/d.ko.xz",
  ]);
});
