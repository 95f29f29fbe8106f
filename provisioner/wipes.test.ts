// How many machines are wiped at once: the real services and controllers, and machines that speak the agent's protocol.
import { afterEach, expect, test } from "vitest";
import type { Order } from "../api/gen/ingot/agent/v1/orders_pb.js";
import { WipeMethod } from "../api/gen/ingot/agent/v1/wipe_pb.js";
import { MemoryStore } from "../cosi/stores/memory.ts";
import type { hardware } from "./practice-site.conformance.ts";
import { ask, PracticeSite, until } from "./practice-site.conformance.ts";
import { Machine } from "./resources/machine.ts";
import { WipeStatus } from "./resources/wipe-status.ts";

const mostWipesAtOnce = 2;
const machines = [1, 2, 3, 4, 5].map((number) => ({
  uuid: `4c4c4544-0044-4310-8052-b4c04f56420${number}`,
  serial: `CN701${number}`,
  macs: [`52:54:00:12:34:0${number}`],
  boardSerial: "",
}));
type Hardware = typeof hardware;

let site: PracticeSite | undefined;
afterEach(() => site?.[Symbol.asyncDispose]());

/** A machine that is to be wiped, with its agent attached and its inventory told. */
async function join(machine: Hardware) {
  const { uuid, serial, macs } = machine;
  const booted = await site!.bootedArguments({ ...ask, client: { mac: macs[0]!, uuid, serial } });
  const identity = await site!.enrol(booted.get("ingot.token")!, { identity: machine });
  return attach(machine, identity);
}

async function attach(
  machine: Hardware,
  identity: Awaited<ReturnType<PracticeSite["enrol"]>>,
  orders: { id: string }[] = [],
) {
  const session = site!.attach(identity, "k1", orders, machine);
  await session.hear("welcome");
  const disk = { device: "/dev/sda", model: "d", serial: machine.serial, sizeBytes: 10n ** 11n };
  session.say({ case: "inventory", value: { disks: [disk] } });
  return { ...session, machine, identity };
}
type Session = Awaited<ReturnType<typeof join>>;

async function wipeOf(session: Session): Promise<Order> {
  const { value } = await session.hear("order");
  expect((value as Order).what.case).toBe("wipe");
  return value as Order;
}

function finish(session: Session, { id, what }: Order): void {
  const asked = what.case === "wipe" ? what.value.disks : [];
  const disks = asked.map(({ disk }) => ({ disk, method: WipeMethod.FAST }));
  const state = {
    case: "succeeded" as const,
    value: { result: { case: "wipe" as const, value: { disks } } },
  };
  session.say({ case: "order", value: { id, number: 9n, state } });
}

async function accept(): Promise<void> {
  for (const { uuid } of machines) {
    await site!.provisioner.state.create(Machine, uuid, {
      spec: {
        identity: { uuid, macs: [] },
        admission: { is: "accepted", by: "ann" },
        wipeId: 1,
        retryId: 0,
        power: "automatic",
        boot: {},
      },
    });
  }
}

const running = async () =>
  (await site!.provisioner.state.list(WipeStatus)).resources.filter(
    ({ spec }) => spec.run.state === "running",
  );
const wiped = (uuid: string) =>
  until(
    () => site!.provisioner.state.find(WipeStatus, uuid),
    ({ wipedAt }) => wipedAt === 1,
  );

test("a machine hears of its wipe when one of those before it is done, and not sooner", async () => {
  site = await PracticeSite.open({ mostWipesAtOnce });
  await accept();
  const sessions = await Promise.all(machines.map(join));
  const heard: [Session, Order][] = [];
  const hearing = sessions.map(async (session) => heard.push([session, await wipeOf(session)]));
  let most = 0;
  for (let done = 0; done < machines.length; done++) {
    const expected = Math.min(mostWipesAtOnce, machines.length - done);
    await until(
      async () => ({ spec: heard.length }),
      (count) => count >= expected,
    );
    most = Math.max(most, heard.length, (await running()).length);
    const [session, order] = heard.shift()!;
    finish(session, order);
    await wiped(session.machine.uuid);
  }
  await Promise.all(hearing);
  expect(most).toBe(mostWipesAtOnce);
  expect(await running()).toEqual([]);
});

test("a process that takes over counts what the one before it has begun", async () => {
  const store = new MemoryStore();
  site = await PracticeSite.open({ mostWipesAtOnce, store });
  await accept();
  const [first, second, third] = await Promise.all(machines.slice(0, 3).map(join));
  const order = await Promise.race(
    [first, second, third].map(async (session) => [session!, await wipeOf(session!)] as const),
  );
  await until(
    async () => ({ spec: await running() }),
    ({ length }) => length === mostWipesAtOnce,
  );
  const before = (await running()).map(({ metadata }) => metadata.id);
  await site[Symbol.asyncDispose]();

  site = await PracticeSite.open({ mostWipesAtOnce, store });
  const [session, { id }] = order;
  const again = await attach(session.machine, session.identity, [{ id }]);
  const idle = [first!, second!, third!].find(({ machine }) => !before.includes(machine.uuid))!;
  const next = await attach(idle.machine, idle.identity);
  let isTold = false;
  const hears = wipeOf(next).finally(() => (isTold = true));
  expect((await running()).map(({ metadata }) => metadata.id)).toEqual(before);
  expect(isTold).toBe(false);
  finish(again, order[1]);
  finish(next, await hears);
  await wiped(idle.machine.uuid);
});
