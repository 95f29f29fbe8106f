import { createHash } from "node:crypto";
import type { Clock } from "../../cosi/clock.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists } from "../../cosi/state-errors.ts";
import { SpentBootToken } from "../resources/spent-boot-token.ts";
import type { BootToken } from "../trust/boot-token.ts";

/** Spends a token on a request; false when it was spent on another one before. */
export async function spend(
  state: State,
  clock: Pick<Clock, "now">,
  { id, machine, expiresAt, use }: BootToken,
  on: Uint8Array,
): Promise<boolean> {
  const request = createHash("sha256").update(on).digest("hex");
  // Each thing that a boot may have is had once.
  const key = `${id}.${use}`;
  try {
    await state.create(SpentBootToken, key, { spec: { machine, spentAt: clock.now(), expiresAt, request } });
    return true;
  } catch (error) {
    if (!(error instanceof AlreadyExists)) throw error;
    return (await state.find(SpentBootToken, key))?.spec.request === request;
  }
}
