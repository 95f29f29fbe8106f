import type { State } from "../../cosi/state.ts";
import { NetworkStatus } from "../resources/network/node.ts";

/** Resolves when the node has an address: until then every call to somebody else fails. */
export async function awaitAddress(state: State, signal: AbortSignal): Promise<void> {
  for await (const _ of state.watch(NetworkStatus, { signal }))
    if ((await state.list(NetworkStatus)).resources[0]?.spec.addressReady) return;
}
