import { describe, expect, test } from "vitest";
import { TestBench } from "../../cosi/engine/test-bench.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import { Admission } from "../resources/admission.ts";
import { Assignment } from "../resources/assignment.ts";
import { Installation } from "../resources/installation.ts";
import { Inventory } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";
import { NodeOrder } from "../resources/node-order.ts";
import { Profile } from "../resources/profile.ts";
import { WipeStatus } from "../resources/wipe-status.ts";
import { unknownSystem } from "../simulation/unknown-system.ts";
import { installationController } from "./installation-controller.ts";
import { type NodeCommands, nodeCommandController } from "./node-command-controller.ts";

const at = new Date(0);

class Site extends TestBench {
  readonly asked: string[] = [];
  /** What nodes answer; what is not said goes well. */
  readonly answers: Partial<NodeCommands> = {};

  readonly nodes: NodeCommands = {
    reset: async ({ address }, signal) => {
      this.asked.push(`reset ${address}`);
      await this.answers.reset?.({ cluster: "", address }, signal);
    },
    answers: async (place, signal) => (await this.answers.answers?.(place, signal)) ?? true,
    upgrade: async ({ address }, image, signal) => {
      this.asked.push(`upgrade ${address} to ${image}`);
      await this.answers.upgrade?.({ cluster: "", address }, image, signal);
    },
    upgradeOutcome: async (place, signal) => this.answers.upgradeOutcome?.(place, signal),
  };

  async add(id: string): Promise<void> {
    const { state } = this;
    if (!(await state.find(Profile, "node"))) {
      await state.create(Profile, "node", {
        spec: {
          boots: { what: "ingot", image: "default", arguments: [] },
          memberOf: { cluster: "one", as: "controlplane" },
          installDisk: {},
          installedBy: { evidence: "nodeApi" },
        },
      });
    }
    await state.create(Machine, id, {
      spec: {
        ...{ identity: { macs: [] }, admission: { is: "accepted", by: "ann" }, wipeId: 1, retryId: 0 },
        ...{ power: "automatic", boot: {} },
      },
    });
    await state.create(Admission, id, { spec: { state: "accepted", by: "ann", why: "", at } });
    await state.create(Inventory, id, {
      spec: {
        ...{ at, system: unknownSystem, firmware: { mode: "bios", vendor: "", version: "", date: "" } },
        ...{ processors: [], memory: [], disks: [], networkInterfaces: [], pciDevices: [], gaps: [] },
      },
    });
    const run = { state: "done", wipeId: 1, attempt: 1, orderId: "o", startedAt: at, endedAt: at } as const;
    await state.create(WipeStatus, id, { spec: { wipedAt: 1, run: { ...run, disks: [] } } });
    await state.create(Assignment, id, { spec: { profile: "node", how: "install", wipeId: 1 } }, hold);
    await state.create(Installation, id, {
      spec: { wipeId: 1, evidence: "phoneHome", at, node: ready(id, "b1") },
    });
  }

  upgrade(id: string, image: string, upgradeId = 1) {
    const upgrade = { upgradeId, wipeId: 1, image };
    return this.state.update(Machine, id, ({ spec }) => ({ spec: { ...spec, upgrade } }));
  }

  shows(id: string, node: SpecOf<typeof Installation>["node"]) {
    return this.state.update(Installation, id, ({ spec }) => ({ spec: { ...spec, node } }));
  }

  async order(id: string) {
    await this.settle();
    return (await this.state.find(NodeOrder, id))?.spec;
  }

  work() {
    const { state, clock, nodes } = this;
    return this.run([nodeCommandController({ state, clock, nodes })]);
  }
}

const hold = { finalizers: ["test"] };
const ready = (id: string, bootId: string) =>
  ({ is: "ready", since: at, address: `address-of-${id}`, bootId }) as const;

describe("a node that is asked to upgrade", () => {
  test.each<[string, Awaited<ReturnType<NodeCommands["upgradeOutcome"]>>, object]>([
    ["runs the other image when it says so", { phase: "done", reason: "" }, { state: "done" }],
    [
      "is as it was when it fell back",
      { phase: "failed", reason: "it hung" },
      { state: "failed", why: "it hung" },
    ],
    ["is believed when it says nothing of it", undefined, { state: "done" }],
  ])("%s", async (...[, outcome, expected]) => {
    const site = new Site();
    site.answers.upgradeOutcome = async () => outcome;
    await site.add("m1");
    await using _ = site.work();
    expect(await site.order("m1")).toBeUndefined();
    await site.upgrade("m1", "http://a/");
    expect(await site.order("m1")).toMatchObject({ what: "upgrade", state: "restarting", bootId: "b1" });
    // It still shows what it was before.
    await site.shows("m1", { ...ready("m1", "b1"), version: "1" });
    expect(await site.order("m1")).toMatchObject({ state: "restarting" });
    await site.shows("m1", ready("m1", "b2"));
    expect(await site.order("m1")).toMatchObject(expected);
    expect(site.asked).toEqual(["upgrade address-of-m1 to http://a/"]);
  });

  test("that cannot write the image stays as it is, and says why", async () => {
    const site = new Site();
    site.answers.upgrade = () => Promise.reject(new Error("not signed by our release key"));
    await site.add("m1");
    await using _ = site.work();
    await site.upgrade("m1", "http://a/");
    expect(await site.order("m1")).toMatchObject({ state: "failed", why: "not signed by our release key" });
    await site.clock.advance(60 * 60_000);
    expect(site.asked).toHaveLength(1);
  });

  test("waits for its turn: one node of a cluster after the other", async () => {
    const site = new Site();
    site.answers.upgradeOutcome = async () => ({ phase: "done", reason: "" });
    await site.add("m1");
    await site.add("m2");
    await using _ = site.work();
    await site.upgrade("m1", "http://a/");
    await site.settle();
    await site.upgrade("m2", "http://a/");
    expect(await site.order("m2")).toMatchObject({ state: "waiting", why: "m1 is upgraded first" });
    await site.shows("m1", ready("m1", "b2"));
    await site.clock.advance(20_000);
    expect(await site.order("m1")).toMatchObject({ state: "done" });
    expect(await site.order("m2")).toMatchObject({ state: "restarting" });
    expect(site.asked).toHaveLength(2);
  });
});

describe("a node that does not come back from its upgrade", () => {
  const gone = async () => {
    const site = new Site();
    for (const id of ["m1", "m2"]) await site.add(id);
    const work = site.work();
    await site.upgrade("m1", "http://a/");
    await site.settle();
    await site.upgrade("m2", "http://b/");
    await site.shows("m1", { is: "silent", since: at, why: "nothing answers", address: "address-of-m1" });
    await site.clock.advance(25 * 60_000);
    expect(await site.order("m1")).toMatchObject({ state: "restarting" });
    expect(await site.order("m2")).toMatchObject({ state: "waiting", why: "m1 is upgraded first" });
    return { site, [Symbol.asyncDispose]: () => work[Symbol.asyncDispose]() };
  };

  test("is given up after half an hour, and the next has its turn", async () => {
    await using it = await gone();
    await it.site.clock.advance(6 * 60_000);
    const why = "it has not come back within 30 minutes";
    expect(await it.site.order("m1")).toMatchObject({ state: "failed", why });
    expect(await it.site.order("m2")).toMatchObject({ state: "restarting" });
  });

  test("has no turn any more when its machine is released", async () => {
    await using it = await gone();
    await it.site.shows("m1", ready("m1", "b2"));
    await it.site.state.teardown(Assignment, "m1");
    await it.site.clock.advance(20_000);
    expect(await it.site.order("m1")).toMatchObject({ what: "reset" });
    expect(await it.site.order("m2")).toMatchObject({ state: "restarting" });
  });
});

describe("an image that one node of a cluster comes back from", () => {
  const spoiled = async () => {
    const site = new Site();
    site.answers.upgradeOutcome = async () => ({ phase: "failed", reason: "it hung" });
    for (const id of ["m1", "m2", "m3"]) await site.add(id);
    const work = site.work();
    await site.upgrade("m1", "http://a/");
    await site.settle();
    await site.upgrade("m2", "http://a/");
    await site.upgrade("m3", "http://b/");
    expect(await site.order("m2")).toMatchObject({ state: "waiting" });
    await site.shows("m1", ready("m1", "b2"));
    await site.clock.advance(20_000);
    return { site, [Symbol.asyncDispose]: () => work[Symbol.asyncDispose]() };
  };

  test("is not tried on those that wait for their turn; another image is", async () => {
    await using it = await spoiled();
    const { site } = it;
    expect(await site.order("m1")).toMatchObject({ state: "failed", why: "it hung" });
    expect(await site.order("m2")).toMatchObject({
      state: "failed",
      why: "m1 could not be put on that image, so it is not tried here until it is asked for again",
    });
    expect(site.asked).toEqual(["upgrade address-of-m1 to http://a/", "upgrade address-of-m3 to http://b/"]);
  });

  test("is tried where it is asked for again", async () => {
    await using it = await spoiled();
    const { site } = it;
    await site.shows("m3", ready("m3", "b2"));
    await site.clock.advance(20_000);
    await site.upgrade("m2", "http://a/", 2);
    expect(await site.order("m2")).toMatchObject({ upgradeId: 2, state: "restarting" });
    expect(site.asked).toHaveLength(3);
  });
});

describe("a node whose machine is released", () => {
  test("is told once to erase itself, and left to others when it hangs in that", async () => {
    const site = new Site();
    await site.add("m1");
    await using _ = site.work();
    await site.state.teardown(Assignment, "m1");
    expect(await site.order("m1")).toMatchObject({ what: "reset", wipeId: 2, state: "told" });
    await site.clock.advance(60_000);
    expect(await site.order("m1")).toMatchObject({ state: "told" });
    await site.clock.advance(90_000);
    expect(await site.order("m1")).toMatchObject({ state: "over" });
    expect(site.asked).toEqual(["reset address-of-m1"]);
  });

  test("is not seen any more as soon as it is silent, and whatever comes then is what boots", async () => {
    const site = new Site();
    await site.add("m1");
    await using _ = site.work();
    await site.state.teardown(Assignment, "m1");
    await site.settle();
    site.answers.answers = async () => false;
    await site.clock.advance(5_000);
    expect((await site.state.get(Installation, "m1")).spec.node).toMatchObject({ is: "silent" });
    await site.clock.advance(10 * 60_000);
    expect(await site.order("m1")).toMatchObject({ state: "told" });
  });

  test("and that will not is left to others at once", async () => {
    const site = new Site();
    site.answers.reset = () => Promise.reject(new Error("no"));
    await site.add("m1");
    await using _ = site.work();
    await site.state.teardown(Assignment, "m1");
    expect(await site.order("m1")).toMatchObject({ state: "over", why: "it does not reset itself: no" });
  });

  test("while it starts is looked for until it comes up, and then told", async () => {
    const site = new Site();
    let isUp = false;
    await site.add("m1");
    await site.shows("m1", { is: "unseen" });
    const { state, clock } = site;
    const askNode = async () =>
      isUp
        ? ({ is: "notReady", why: "booting", node: { address: "address-of-m1" } } as const)
        : ({ is: "silent", why: "nothing answers" } as const);
    await using _ = site.run([
      installationController({ state, clock, askNode }),
      nodeCommandController({ state, clock, nodes: site.nodes }),
    ]);
    await state.teardown(Assignment, "m1");
    await site.clock.advance(60_000);
    expect(site.asked).toEqual([]);
    isUp = true;
    await site.clock.advance(20_000);
    expect(site.asked).toEqual(["reset address-of-m1"]);
  });
});
