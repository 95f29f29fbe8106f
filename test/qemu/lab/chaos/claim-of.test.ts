import { expect, test } from "vitest";
import { CommandFailure } from "../../../../provisioner/cli/exit-codes.ts";
import { claimOf } from "./claim-of.ts";
import type { Claim } from "./custody.ts";

const at = (wipeId: number, phase = "running") => ({ metadata: { phase }, spec: { wipeId } });

interface Case {
  readonly machines?: object;
  readonly assignments?: object;
}

test.each<[string, Case, Claim]>([
  ["nobody has met will be wiped once", {}, { is: "free", wipeId: 1 }],
  ["is nobody's is free under the last wipe asked for", { machines: at(4) }, { is: "free", wipeId: 4 }],
  ["is assigned", { machines: at(4), assignments: at(5) }, { is: "assigned", wipeId: 5 }],
  [
    "leaves is free after a wipe that nobody has asked for yet",
    { machines: at(4), assignments: at(5, "tearingDown") },
    { is: "free", wipeId: 6 },
  ],
])("a machine that %s", async (_, records, claim) => {
  const call = async (_: string, path: string) => {
    const found = Object.entries(records).find(([kind]) => path === `/api/v1/${kind}/id`);
    if (!found) throw new CommandFailure("notFound", "there is none");
    return found[1];
  };
  expect(await claimOf({ call }, "id")).toEqual(claim);
});

test("nothing is known of a machine when nobody answers", async () => {
  const call = async () => {
    throw new CommandFailure("unreachable", "it does not answer");
  };
  expect(await claimOf({ call }, "id")).toEqual({ is: "unknown", why: "it does not answer" });
});
