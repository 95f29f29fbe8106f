// The secrets of clusters: made once, by whichever of several provisioners comes first, and sealed in the store.
import type { Clock } from "../../cosi/clock.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists } from "../../cosi/state-errors.ts";
import {
  createSecrets,
  parseSecrets,
  type SecretsBundle,
  secretsText,
} from "../../machine-config/generate/secrets.ts";
import { Cluster } from "../resources/cluster.ts";

/** Undefined when nobody has made them yet. */
export async function findSecrets(state: State, cluster: string): Promise<SecretsBundle | undefined> {
  const found = await state.find(Cluster, cluster);
  return found && parseSecrets(found.spec.secrets);
}

export async function makeSecrets(
  { state, clock }: { readonly state: State; readonly clock: Pick<Clock, "now"> },
  cluster: string,
): Promise<void> {
  if (await state.find(Cluster, cluster)) return;
  const secrets = secretsText(await createSecrets({ clock }));
  try {
    await state.create(Cluster, cluster, { spec: { secrets, madeAt: clock.now() } });
  } catch (error) {
    if (!(error instanceof AlreadyExists)) throw error;
  }
}
