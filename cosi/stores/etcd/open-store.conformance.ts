// How the other process of the conformance suite opens a store of this kind.
import type { Json } from "../../store.ts";
import { systemClock } from "../../system-clock.ts";
import { openEtcdStore } from "./etcd-store.ts";

export const openStore = (place: Json) =>
  openEtcdStore({
    ...(place as { readonly endpoints: readonly string[]; readonly prefix: string }),
    clock: systemClock,
  });
