import { expect, test } from "vitest";
import { type End, power } from "./power.ts";

test.each([
  ["default", {}],
  ["powercycle", {}],
  ["force", { forced: true }],
] as const)("a restart (%s) is asked for as what it is", async (how, more) => {
  const asked: Parameters<End>[] = [];
  const lifecycle = power({
    end: (...asking) => void asked.push(asking),
    installation: () => undefined,
    stopServices: () => expect.fail(),
  });
  await lifecycle.reboot(how, "actor");
  expect(asked).toEqual([["restart", { sequence: "reboot", actorId: "actor", ...more }]]);
});

test("what needs a system on a disk is refused without one", async () => {
  const lifecycle = power({
    end: () => expect.fail(),
    installation: () => undefined,
    stopServices: () => expect.fail(),
  });
  await expect(lifecycle.rollback()).rejects.toMatchObject({ code: "failedPrecondition" });
});
