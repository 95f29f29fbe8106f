import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { type EtcdServer, startEtcd } from "../../../workshop/etcd-server.ts";
import { State } from "../../state.ts";
import { systemClock } from "../../system-clock.ts";
import { type Employment, Order, Receipt } from "./controller-process.conformance.ts";
import { type EtcdStore, openEtcdStore } from "./etcd-store.ts";

let server: EtcdServer;
let store: EtcdStore;
let state: State;
const processes = new Map<string, ChildProcess>();

beforeEach(async () => {
  server = await startEtcd();
  store = await openEtcdStore({ endpoints: server.endpoints, clock: systemClock });
  state = new State({ store, clock: systemClock });
});
afterEach(async () => {
  for (const child of processes.values()) child.kill("SIGKILL");
  processes.clear();
  await store[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

function employ(name: string): void {
  const child = fork(join(import.meta.dirname, "controller-process.conformance.ts"), { execArgv: [] });
  processes.set(name, child);
  child.send({ name, endpoints: server.endpoints } satisfies Employment);
}

/** Places orders one after the other; who signed them. */
async function order(prefix: string, count: number): Promise<readonly string[]> {
  const { bookmark } = await store.list(Receipt);
  const signed: string[] = [];
  const watching = (async () => {
    for await (const changes of store.watch(Receipt, bookmark, new AbortController().signal)) {
      for (const { type, document } of changes) {
        if (type === "created") signed.push((document.spec as { by: string }).by);
      }
      if (signed.length === count) return;
    }
  })();
  for (let n = 0; n < count; n++) await state.create(Order, `${prefix}-${n}`, { spec: {} });
  await watching;
  return signed;
}

test("of three processes one runs the controller, and another once it is killed or leaves", {
  timeout: 60_000,
}, async () => {
  for (const name of ["anna", "bert", "carl"]) employ(name);

  const first = new Set(await order("first", 20));
  expect(first.size).toBe(1);
  const [killed] = [...first];
  processes.get(killed!)!.kill("SIGKILL");

  const second = new Set(await order("second", 20));
  expect(second.size).toBe(1);
  const [left] = [...second];
  expect(left).not.toBe(killed);
  const leaving = processes.get(left!)!;
  const exited = once(leaving, "exit");
  leaving.send("enough");
  expect(await exited).toEqual([0, null]);

  const third = new Set(await order("third", 20));
  expect(third.size).toBe(1);
  expect([killed, left]).not.toContain([...third][0]);

  const { resources } = await state.list(Receipt);
  expect(resources.map(({ metadata }) => metadata.id).sort()).toEqual(
    ["first", "second", "third"]
      .flatMap((prefix) => Array.from({ length: 20 }, (_, n) => `${prefix}-${n}`))
      .sort(),
  );
});
