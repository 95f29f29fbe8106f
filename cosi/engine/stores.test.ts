// Controllers on every real store, as they are put together in production: real time, secrets sealed, leases fenced.
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { z } from "zod";
import { type EtcdServer, startEtcd } from "../../workshop/etcd-server.ts";
import { makeKey, parseKeyRing } from "../key-ring.ts";
import { resourceType } from "../resource.ts";
import { SealedStore } from "../sealed-store.ts";
import { secret } from "../secret.ts";
import { State } from "../state.ts";
import type { Store } from "../store.ts";
import { etcdLeadership } from "../stores/etcd/election.ts";
import { openEtcdStore } from "../stores/etcd/etcd-store.ts";
import { SqliteStore } from "../stores/sqlite/sqlite-store.ts";
import { systemClock } from "../system-clock.ts";
import { controller } from "./controller.ts";
import type { Leadership } from "./leadership.ts";
import { runtime } from "./runtime.ts";

const declare = <Schema extends z.ZodType>(type: string, spec: Schema) =>
  resourceType({ type: `${type}.test`, namespace: "test", spec });
const Machine = declare("Machines", z.object({ user: z.string() }));
const Account = declare("Accounts", z.object({ user: z.string(), password: secret(z.string()) }));
const machines = Array.from({ length: 30 }, (_, number) => `m${number}`);
const keys = parseKeyRing(makeKey());

const account = controller({
  name: "Account",
  each: Machine,
  owns: Account,
  concurrency: 4,
  reconcile: ({ spec: { user } }) => ({ do: "set", spec: { user, password: `${user}'s` } }),
});

/** One process: its own connection to the store, and its controllers. */
function provisioner(connection: Store, leadership?: Leadership) {
  const store = new SealedStore({ store: connection, keys, types: [Machine, Account] });
  const state = new State({ store, clock: systemClock });
  const warnings: string[] = [];
  const engine = runtime({
    state,
    clock: systemClock,
    controllers: [account],
    random: Math.random,
    log: { info: () => undefined, warn: (message) => warnings.push(message) },
    ...(leadership ? { leadership } : {}),
  });
  const stop = new AbortController();
  const running = engine.run(stop.signal);
  return {
    state,
    engine,
    warnings,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await running;
      await connection[Symbol.asyncDispose]();
    },
  };
}

/** Resolves when the accounts are exactly these. */
async function accounts(state: State, wanted: Readonly<Record<string, string>>): Promise<void> {
  const found = new Map<string, string>();
  const told = Object.entries(wanted);
  for await (const events of state.watch(Account, { signal: AbortSignal.timeout(25_000) })) {
    for (const event of events) {
      if (event.type === "bootstrapped") continue;
      const { id } = event.resource.metadata;
      if (event.type === "destroyed") found.delete(id);
      else found.set(id, event.resource.spec.user);
    }
    if (found.size === told.length && told.every(([id, user]) => found.get(id) === user)) return;
  }
  expect(Object.fromEntries(found)).toEqual(wanted);
}

const everyone = (user: string) => Object.fromEntries(machines.map((id) => [id, user]));

async function ask(state: State, user: string): Promise<void> {
  for (const id of machines) await state.set(Machine, id, { spec: { user } });
}

async function release(state: State): Promise<void> {
  const signal = AbortSignal.timeout(25_000);
  await Promise.all(machines.map((id) => state.teardownAndDestroy(Machine, id, signal)));
}

describe("controllers on SQLite", () => {
  test("follow every change, and go on after a restart", async () => {
    const folder = await mkdtemp(join(tmpdir(), "engine-"));
    try {
      const open = () => new SqliteStore({ path: join(folder, "state.db"), clock: systemClock });
      {
        await using process = provisioner(open());
        await ask(process.state, "root");
        await accounts(process.state, everyone("root"));
      }
      {
        const store = new SealedStore({ store: open(), keys, types: [Machine, Account] });
        await using _ = store;
        await ask(new State({ store, clock: systemClock }), "admin");
      }
      await using process = provisioner(open());
      await accounts(process.state, everyone("admin"));
      await release(process.state);
      await accounts(process.state, {});
      expect(process.warnings).toEqual([]);
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});

describe("controllers on etcd", () => {
  let server: EtcdServer;
  beforeAll(async () => {
    server = await startEtcd();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  test("run in one of two processes, and in the other when that one stops", async () => {
    const prefix = `/${randomUUID()}`;
    const join = async (candidate: string) => {
      const store = await openEtcdStore({ endpoints: server.endpoints, prefix, clock: systemClock });
      return provisioner(store, etcdLeadership(store, { candidate, ttlSeconds: 2 }));
    };
    await using stack = new AsyncDisposableStack();
    const first = await join("first");
    await ask(first.state, "root");
    await accounts(first.state, everyone("root"));
    const second = stack.use(await join("second"));
    const leaders = () => [first, second].map(({ engine }) => engine.metrics()["Account"]!.leading);
    expect(leaders()).toEqual([1, 0]);

    await ask(second.state, "admin");
    await accounts(second.state, everyone("admin"));
    await first[Symbol.asyncDispose]();
    await ask(second.state, "operator");
    await accounts(second.state, everyone("operator"));
    expect(leaders()).toEqual([0, 1]);
    await release(second.state);
    await accounts(second.state, {});
    expect([first.warnings, second.warnings]).toEqual([[], []]);
  });
});
