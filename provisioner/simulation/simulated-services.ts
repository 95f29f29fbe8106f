import type { ResourceOf, SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists, NotFound } from "../../cosi/state-errors.ts";
import { recordInstallation } from "../controllers/record-installation.ts";
import { type BootMode, bootMode } from "../decisions/boot-mode.ts";
import { isUntouchable, mayGoOut } from "../decisions/hands-off.ts";
import { AgentOrder } from "../resources/agent-order.ts";
import { AgentReport } from "../resources/agent-report.ts";
import { Assignment } from "../resources/assignment.ts";
import { BootStatus } from "../resources/boot-status.ts";
import { Inventory } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";
import { markUnheard } from "../services/unheard-boots.ts";
import { inventoryOf } from "./simulated-inventory.ts";
import type { Guest, Peer, Plan, Services, Site, Told } from "./site.ts";
import { storedFacts } from "./stored-facts.ts";

/** A machine that was attached to a process which died is given this long to attach to the next one. */
const returnMs = 120_000;
const beatMs = 180_000;
const pingMs = 15_000;
/** A pxe-server finds its provisioner again within so long. */
const outboxMs = 2_000;
const announceMs = 60_000;

/**
 * What the boot and agent services of a provisioner do to the records, without their wires: they die with it, at any
 * write.
 */
export class SimulatedServices implements Services {
  readonly #state: State;
  readonly #site: Site;
  readonly #end = new AbortController();
  readonly #sessions = new Map<string, Peer>();
  /** What is written about one machine is written in turn. */
  readonly #turns = new Map<string, Promise<void>>();

  constructor(state: State, site: Site) {
    this.#state = state;
    this.#site = site;
    void this.#deliver().catch(() => undefined);
    site.clock.after(returnMs, () => void this.#sweep().catch(() => undefined));
    if (site.pxeServer === "inside") void this.#announce().catch(() => undefined);
    else site.clock.after(outboxMs, () => this.#hearOfTheTurnedAway());
  }

  /** The process is gone: every stream breaks, and nobody writes that down. */
  die(): void {
    this.#end.abort();
    const agents = [...this.#sessions.values()];
    this.#sessions.clear();
    for (const agent of agents) agent.lose();
  }

  drop(agent: Peer): void {
    this.detach(agent);
    agent.lose();
  }

  async plan({ id }: Guest): Promise<Plan> {
    await this.#meet(id);
    const facts = await storedFacts(this.#state, id);
    if (!facts) throw new Error(`Cannot plan the boot of ${id}: it is gone`);
    const mode = bootMode(facts).is;
    await this.#told(id, mode);
    return { mode, wipedAt: facts.wipedAt };
  }

  attach(agent: Peer): void {
    const { id } = agent.machine;
    this.#sessions.get(id)?.lose();
    this.#sessions.set(id, agent);
    this.#inTurn(id, async () => {
      await this.#meet(id);
      const now = this.#site.clock.now();
      const { kernelBootId } = agent;
      const spec = { state: "agent", kernelBootId, version: "1", since: now, heardAt: now } as const;
      if (this.#sessions.get(id) !== agent) return;
      await this.#state.set(BootStatus, id, { spec });
      await this.#state.set(Inventory, id, { spec: inventoryOf(agent.machine) });
      for (const [order, told] of agent.unsettled()) await this.#store(agent, order, told);
      const { resources } = await this.#state.list(AgentOrder);
      for (const order of resources) {
        if (order.spec.machine === id && order.metadata.phase === "running") await this.#hand(agent, order);
      }
      for (const [order] of agent.unsettled()) {
        if (!resources.some(({ metadata }) => metadata.id === order)) agent.settle(order);
      }
    });
    this.#beat(agent);
  }

  detach(agent: Peer): void {
    const { id } = agent.machine;
    if (this.#sessions.get(id) !== agent) return;
    this.#sessions.delete(id);
    this.#inTurn(id, () => this.#lost(id, agent.kernelBootId));
  }

  take(agent: Peer, order: string, { number, outcome }: Told): void {
    this.#inTurn(agent.machine.id, () => this.#store(agent, order, { number, outcome }));
  }

  async phoneHome({ id, installedAfter }: Guest): Promise<boolean> {
    const { state, clock } = { state: this.#state, clock: this.#site.clock };
    const assignment = await state.find(Assignment, id);
    if (assignment?.spec.profile !== "calls") return true;
    await recordInstallation({ state, clock }, id, { wipeId: installedAfter, evidence: "phoneHome" });
    return true;
  }

  /** Whether a wipe may be ordered now: by the records, as people know them. */
  async #judgeWipe(machine: Guest, wipeId: number): Promise<void> {
    const { people, violations } = this.#site;
    const facts = await storedFacts(people, machine.id);
    if (!facts) return;
    const said = `${machine.id} is wiped under ${wipeId}`;
    if (isUntouchable(facts)) violations.push(`${said} while nobody may touch it`);
    if (wipeId > facts.wipeAsked) violations.push(`${said}, which nobody asked for`);
    if (wipeId <= facts.wipedAt) violations.push(`${said}, which was done before`);
  }

  async #deliver(): Promise<void> {
    for await (const events of this.#state.watch(AgentOrder, { signal: this.#end.signal })) {
      for (const event of events) {
        if (event.type === "bootstrapped") continue;
        const { resource } = event;
        const { id } = resource.metadata;
        const agent = this.#sessions.get(resource.spec.machine);
        if (event.type === "destroyed") {
          agent?.settle(id);
          this.#inTurn(resource.spec.machine, () => this.#forget(id));
        } else if (agent && resource.metadata.phase === "running") await this.#hand(agent, resource);
      }
    }
  }

  async #hand(agent: Peer, order: ResourceOf<typeof AgentOrder>): Promise<void> {
    const { machine, what, cancelled } = order.spec;
    const facts = await storedFacts(this.#state, machine);
    if (!cancelled && (!facts || !mayGoOut(what.is, facts))) {
      this.#site.clock.after(pingMs, () => void this.#handAgain(agent, order).catch(() => undefined));
      return;
    }
    // By what is known when it leaves: what is on its way can be called back by nobody.
    const isNew = !cancelled && !agent.knows(order.metadata.id);
    if (isNew && what.is === "wipe") await this.#judgeWipe(agent.machine, what.wipeId);
    // The way to the machine takes a while, and the stream may break on it.
    this.#site.clock.after(50, () => {
      if (this.#sessions.get(order.spec.machine) === agent && !this.#end.signal.aborted) agent.receive(order);
    });
  }

  /** Whoever said no may say yes again. */
  async #handAgain(agent: Peer, { metadata }: ResourceOf<typeof AgentOrder>): Promise<void> {
    const order = await this.#state.find(AgentOrder, metadata.id);
    const isHere = this.#sessions.get(agent.machine.id) === agent && !this.#end.signal.aborted;
    if (isHere && order?.metadata.phase === "running") await this.#hand(agent, order);
  }

  #beat(agent: Peer): void {
    this.#site.clock.after(beatMs, () => {
      const { id } = agent.machine;
      if (this.#sessions.get(id) !== agent || this.#end.signal.aborted) return;
      this.#inTurn(id, async () => {
        const heardAt = this.#site.clock.now();
        await this.#state.update(BootStatus, id, ({ spec }) =>
          spec.state === "agent" && spec.kernelBootId === agent.kernelBootId
            ? { spec: { ...spec, heardAt } }
            : {},
        );
      });
      this.#beat(agent);
    });
  }

  async #store(agent: Peer, id: string, { number, outcome }: Told): Promise<void> {
    if (!(await this.#state.find(AgentOrder, id))) return agent.settle(id);
    const known = await this.#state.find(AgentReport, id);
    if (!known || known.spec.number < number) {
      const spec = { machine: agent.machine.id, number, at: this.#site.clock.now(), outcome };
      await this.#state.set(AgentReport, id, { spec });
    }
    if (outcome.state !== "running") agent.settle(id);
  }

  async #forget(order: string): Promise<void> {
    await this.#state.destroy(AgentReport, order).catch(ignoring(NotFound));
  }

  async #lost(id: string, kernelBootId: string): Promise<void> {
    const since = this.#site.clock.now();
    await this.#state
      .update(BootStatus, id, ({ spec }) =>
        spec.state === "agent" && spec.kernelBootId === kernelBootId
          ? { spec: { state: "agentLost", kernelBootId, since, why: "its stream ended" } }
          : {},
      )
      .catch(ignoring(NotFound));
  }

  /** What a process that died left behind: agents that never came back, and reports of orders that are gone. */
  async #sweep(): Promise<void> {
    if (this.#end.signal.aborted) return;
    for (const { metadata, spec } of (await this.#state.list(BootStatus)).resources) {
      const attached = this.#sessions.has(metadata.id);
      if (spec.state === "agent" && !attached)
        this.#inTurn(metadata.id, () => this.#lost(metadata.id, spec.kernelBootId));
    }
    for (const { metadata } of (await this.#state.list(AgentReport)).resources) {
      if (!(await this.#state.find(AgentOrder, metadata.id))) await this.#forget(metadata.id);
    }
  }

  /** Discovery: a machine that nobody knows becomes known, and no more than that. */
  async #meet(id: string): Promise<void> {
    if (await this.#state.find(Machine, id)) return;
    const spec: SpecOf<typeof Machine> = {
      identity: { macs: [] },
      admission: { is: "byRule" },
      wipeId: 1,
      retryId: 0,
      power: "automatic",
      boot: {},
    };
    await this.#state.create(Machine, id, { spec }).catch(ignoring(AlreadyExists));
  }

  async #told(id: string, mode: BootMode): Promise<void> {
    const at = this.#site.clock.now();
    const common = { state: "booting", bootId: "b", step: "scripted", plan: mode, why: "" } as const;
    await this.#state.set(BootStatus, id, { spec: { ...common, since: at, at } });
  }

  /** As a pxe-server does that is started with its provisioner, and then every minute. */
  async #announce(): Promise<void> {
    const { clock, heardAt } = this.#site;
    const announced = clock.now();
    const absence = heardAt && { segment: "local", from: heardAt, to: announced };
    if (absence) await markUnheard({ state: this.#state, clock }, absence);
    const beat = () => {
      if (this.#end.signal.aborted) return;
      this.#site.heardAt = clock.now();
      clock.after(announceMs, beat);
    };
    beat();
  }

  #hearOfTheTurnedAway(): void {
    const { turnedAway } = this.#site;
    for (const [id, at] of turnedAway) {
      this.#inTurn(id, async () => {
        turnedAway.delete(id);
        const facts = await storedFacts(this.#state, id);
        const plan = facts && bootMode(facts).is;
        const before = await this.#state.find(BootStatus, id);
        const isNews = !before || before.spec.state === "booting" || before.spec.since < at;
        if (plan === undefined || plan === "alone" || !isNews) return;
        const bootId = `turned away at ${at.toISOString()}`;
        const spec = { state: "booting", bootId, step: "turnedAway", plan, why: "", since: at, at } as const;
        await this.#state.set(BootStatus, id, { spec });
      });
    }
  }

  #inTurn(id: string, work: () => Promise<void>): void {
    const turn = (this.#turns.get(id) ?? Promise.resolve()).then(() =>
      this.#end.signal.aborted ? undefined : work(),
    );
    // What fails here fails because the process dies: machines attach to the next one.
    this.#turns.set(
      id,
      turn.catch(() => undefined),
    );
  }
}

const ignoring = (kind: typeof NotFound | typeof AlreadyExists) => (error: unknown) => {
  if (!(error instanceof kind)) throw error;
};
