import type { State } from "../../cosi/state.ts";
import { AlreadyExists } from "../../cosi/state-errors.ts";
import { Profile } from "../resources/profile.ts";

/** What a machine becomes when nobody says what. */
export const defaultProfile = "default";

/** Gives a provisioner without any profile the one that needs nothing but Ingot: its own system, in a cluster of its own. */
export async function ensureProfile(state: State): Promise<void> {
  if ((await state.list(Profile)).resources.length > 0) return;
  try {
    await state.create(Profile, defaultProfile, {
      spec: {
        boots: { what: "ingot", image: "default", arguments: [] },
        memberOf: { cluster: "ingot", as: "controlplane" },
        installDisk: {},
        installedBy: { evidence: "nodeApi" },
      },
    });
  } catch (error) {
    if (!(error instanceof AlreadyExists)) throw error;
  }
}
