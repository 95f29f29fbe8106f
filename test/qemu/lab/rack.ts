// The servers that the lab has: those of its description, and those that somebody added since.
import type { Server } from "../framework/server.ts";
import type { RackMachine } from "../rack/schema.ts";

/** As many as there are addresses for BMCs. */
const mostMachines = 80;

export interface RackOptions {
  /** The `nth` from the first that there was. */
  readonly open: (machine: RackMachine, nth: number) => Promise<Server>;
  readonly added: (server: Server, machine: RackMachine) => void;
}

export class Rack implements AsyncDisposable {
  readonly #options: RackOptions;
  readonly #servers: Server[] = [];
  readonly #around = new AsyncDisposableStack();
  readonly #machines = new Map<string, RackMachine>();

  constructor(options: RackOptions) {
    this.#options = options;
  }

  get servers(): readonly Server[] {
    return this.#servers;
  }

  async add(machine: RackMachine): Promise<Server> {
    const nth = this.#machines.size;
    if (this.#machines.has(machine.name)) throw new Error(`Cannot add ${machine.name}: there is one already`);
    if (nth >= mostMachines) throw new Error(`Cannot add ${machine.name}: the rack is full`);
    this.#machines.set(machine.name, machine);
    const server = this.#around.use(await this.#options.open(machine, nth));
    this.#servers.push(server);
    this.#options.added(server, machine);
    return server;
  }

  descriptionOf(name: string): RackMachine | undefined {
    return this.#machines.get(name);
  }

  find(name: string): Server | undefined {
    return this.#servers.find(({ machine }) => machine.name === name);
  }

  /** By the UUID that the firmware tells. */
  nameOf(uuid: string): string | undefined {
    return this.#servers.find(({ machine }) => machine.uuid === uuid)?.machine.name;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#around.disposeAsync();
  }
}
