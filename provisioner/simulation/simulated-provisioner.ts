import { FaultyStore } from "../../cosi/engine/faulty-store.ts";
import { State } from "../../cosi/state.ts";
import type { Store } from "../../cosi/store.ts";
import type { NodeAnswer } from "../controllers/installation-controller.ts";
import { openControllers } from "../controllers/open-controllers.ts";
import { seeOff } from "../services/departures.ts";
import { noNodes } from "./no-nodes.ts";
import { between } from "./random.ts";
import { simulatedPower } from "./simulated-bmc.ts";
import type { SimulatedMachine } from "./simulated-machine.ts";
import { SimulatedServices } from "./simulated-services.ts";
import type { Site } from "./site.ts";

/** So many may be wiped at once in a history: few, so that some have to wait. */
export const mostWipesAtOnce = 2;

/** One process: the real controllers on the engine, and what its services write. It is killed without a warning. */
export class SimulatedProvisioner {
  readonly ended: Promise<void>;
  readonly #stop = new AbortController();
  readonly #connection: FaultyStore;
  readonly #services: SimulatedServices;
  readonly #site: Site;
  #deathIn = Number.POSITIVE_INFINITY;
  onDeath: () => void = () => undefined;

  constructor(store: Store, machines: ReadonlyMap<string, SimulatedMachine>, site: Site) {
    const { clock, random } = site;
    this.#site = site;
    this.#connection = new FaultyStore(store, clock, random);
    this.#connection.onPut = async () => this.#step(random() < 0.5);
    const state = new State({ store: this.#connection, clock });
    const speaker = { isDead: () => this.#connection.dead, onCommand: () => this.#step(false) };
    const engine = openControllers({
      state,
      clock,
      random,
      randomBytes: (count) => Uint8Array.from({ length: count }, () => between(random, 0, 255)),
      newId: () => `order-${Math.floor(random() * 2 ** 50).toString(36)}`,
      log: {
        info: (message) => site.story(message),
        warn: (message) => site.story(message),
      },
      powerOf: (id) => simulatedPower(machines.get(id)!, speaker),
      askNode: async ({ addresses }) => answerOf(machines, addresses),
      nodes: noNodes,
      makeSecrets: async () => undefined,
      mostWipesAtOnce,
    });
    this.#services = new SimulatedServices(state, site);
    const { signal } = this.#stop;
    // It dies with the process, at any write.
    const leaving = seeOff(state, signal).catch(() => undefined);
    this.ended = Promise.all([engine.run(signal), leaving]).then(() => undefined);
    site.services = this.#services;
  }

  /** Dies at one of its next writes or commands, before or after it. */
  dieSoon(steps: number): void {
    this.#deathIn = steps;
  }

  kill(): void {
    if (this.#connection.dead) return;
    this.#connection.dead = true;
    this.#site.story("the provisioner is killed");
    this.#site.services = undefined;
    this.#services.die();
    this.#stop.abort();
    this.onDeath();
  }

  #step(before: boolean): void {
    if (this.#connection.dead || --this.#deathIn > 0) return;
    this.kill();
    if (before) throw new Error("Cannot write: the process is gone");
  }
}

const untilReadyMs = 20_000;

/** Only what was installed for us answers, and only while it runs; at first it is not ready. */
function answerOf(machines: ReadonlyMap<string, SimulatedMachine>, addresses: readonly string[]): NodeAnswer {
  const asked = addresses.flatMap((address) => machines.get(address.replace("address-of-", "")) ?? []);
  const running = asked.find(({ activity, disks }) => activity.is === "system" && disks.is !== "empty");
  if (!running) return { is: "silent", why: "nothing answers" };
  const runsMs = running.site.clock.elapsedMs() - running.becameMs;
  return runsMs < untilReadyMs ? { is: "notReady", why: "its services start" } : { is: "ready" };
}
