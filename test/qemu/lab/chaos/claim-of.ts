import type { ApiClient } from "../../../../provisioner/cli/api-client.ts";
import { CommandFailure } from "../../../../provisioner/cli/exit-codes.ts";
import type { Claim } from "./custody.ts";

interface Shown {
  readonly metadata: { readonly phase: "running" | "tearingDown" };
  readonly spec: { readonly wipeId: number };
}

/** Whose a machine is, as its provisioner has it written down; unknown when it does not answer. */
export async function claimOf(api: Pick<ApiClient, "call">, machine: string): Promise<Claim> {
  const read = (kind: string) =>
    api.call("GET", `/api/v1/${kind}/${machine}`).then(
      (shown) => shown as Shown,
      (error: unknown) => {
        if (error instanceof CommandFailure && error.ending === "notFound") return undefined;
        throw error;
      },
    );
  try {
    const assignment = await read("assignments");
    const known = await read("machines");
    // One that nobody has met yet will be wiped once.
    const wipeId = known?.spec.wipeId ?? 1;
    if (!assignment) return { is: "free", wipeId };
    const since = assignment.spec.wipeId;
    if (assignment.metadata.phase === "running") return { is: "assigned", wipeId: since };
    // Leaving takes a wipe that nobody has asked for yet.
    return { is: "free", wipeId: Math.max(wipeId, since) + 1 };
  } catch (error) {
    return { is: "unknown", why: (error as Error).message };
  }
}
