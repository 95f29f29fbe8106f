import { describe, expect, test } from "vitest";
import { BookmarkExpired, StoreUnavailable, VersionConflict } from "../../cosi/store.ts";
import { Problem } from "./problem.ts";

const key = { namespace: "default", type: "Machines.ingot.dev", id: "m1" };

describe("whoever asked hears", () => {
  test.each<[string, Error, number, string]>([
    [
      "that the state cannot be written, and why, but not where it is",
      new StoreUnavailable("write to /var/lib/ingot/state.sqlite", "the disk is full"),
      503,
      "the provisioner's state: the disk is full",
    ],
    [
      "what was there instead",
      new VersionConflict(key, 1n, 2n),
      412,
      "Cannot write Machines.ingot.dev default/m1: expected version 1, found version 2",
    ],
    ["what to do about an old bookmark", new BookmarkExpired("x"), 410, "list again, and watch from there"],
    [
      "nothing of what is none of ours",
      new Error("connect ECONNREFUSED /run/secret.sock"),
      500,
      "the log of the provisioner says more, under this request's id",
    ],
  ])("%s", (_, error, status, detail) => {
    expect(Problem.from(error).toBody("r1")).toMatchObject({ status, detail, requestId: "r1" });
  });
});
