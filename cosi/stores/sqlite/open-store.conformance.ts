// How the other process of the conformance suite opens a store of this kind.
import type { Json } from "../../store.ts";
import { systemClock } from "../../system-clock.ts";
import { SqliteStore } from "./sqlite-store.ts";

export const openStore = async (path: Json) => new SqliteStore({ path: path as string, clock: systemClock });
