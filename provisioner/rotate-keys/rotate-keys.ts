import { addKey, readKeyFile } from "../../cosi/key-ring.ts";
import { SealedStore } from "../../cosi/sealed-store.ts";
import type { Store } from "../../cosi/store.ts";
import { allResources } from "../resources/all.ts";

export interface Rotation {
  readonly resources: number;
  readonly rewrapped: number;
}

/**
 * Seals every secret with a new master key. With `resume` no key is added: what an interrupted rotation left is done.
 * The old keys stay in the file, because the store's history is still sealed with them.
 */
export async function rotateKeys(
  store: Store,
  keyFile: string,
  { resume, signal }: { resume: boolean; signal: AbortSignal },
): Promise<Rotation> {
  const keys = resume ? await readKeyFile(keyFile) : await addKey(keyFile);
  return new SealedStore({ store, keys, types: allResources }).rewrap(signal);
}
