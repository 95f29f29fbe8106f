// One of several processes of controllers.test.ts that run the same controller on the same etcd.
import { once } from "node:events";
import { z } from "zod";
import { controller } from "../../engine/controller.ts";
import { runtime } from "../../engine/runtime.ts";
import { resourceType } from "../../resource.ts";
import { State } from "../../state.ts";
import { systemClock } from "../../system-clock.ts";
import { etcdLeadership } from "./election.ts";
import { openEtcdStore } from "./etcd-store.ts";

export interface Employment {
  readonly name: string;
  readonly endpoints: readonly string[];
}

const shop = { namespace: "shop", spec: z.object({}) };
export const Order = resourceType({ ...shop, type: "Orders.ingot.dev" });
export const Receipt = resourceType({
  ...shop,
  type: "Receipts.ingot.dev",
  spec: z.object({ by: z.string() }),
});

/** Signs each order once. */
const clerk = (name: string) =>
  controller({
    name: "Clerk",
    each: Order,
    reads: { receipt: Receipt },
    owns: Receipt,
    reconcile: (_, { receipt }) => ({ do: "set", spec: receipt?.spec ?? { by: name } }),
  });

async function work({ name, endpoints }: Employment, signal: AbortSignal): Promise<void> {
  await using store = await openEtcdStore({ endpoints, clock: systemClock });
  const engine = runtime({
    state: new State({ store, clock: systemClock }),
    clock: systemClock,
    controllers: [clerk(name)],
    leadership: etcdLeadership(store, { candidate: name }),
    random: Math.random,
    log: { info: () => {}, warn: () => {} },
  });
  await engine.run(signal);
}

if (process.send && process.disconnect && process.argv[1] === import.meta.filename) {
  const [employment] = (await once(process, "message")) as [Employment];
  const stop = new AbortController();
  process.once("message", () => stop.abort());
  await work(employment, stop.signal);
  process.disconnect();
}
