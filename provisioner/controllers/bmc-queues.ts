import { type Bmc, isAbsent } from "../../bmc/bmc.ts";
import { type OneAtATime, oneAtATime } from "../../bmc/one-at-a-time.ts";
import { type AuditEntry, BmcQueue } from "../../bmc/queue.ts";
import type { Clock } from "../../cosi/clock.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { BmcConfig } from "../resources/bmc-config.ts";
import type { MachinePower } from "./machine-power.ts";

type Config = SpecOf<typeof BmcConfig>;

export interface BmcQueuesOptions {
  readonly clock: Clock;
  readonly open: (config: Config, machine: string) => Promise<Bmc>;
  readonly audit: (machine: string, entry: AuditEntry) => void;
}

/**
 * Every machine has one queue in this process, whoever speaks with its BMC; and those of several machines behind one BMC
 * take turns: it hangs when commands race.
 */
export class BmcQueues implements AsyncDisposable {
  readonly #options: BmcQueuesOptions;
  readonly #queues = new Map<string, { readonly config: string; readonly queue: BmcQueue }>();
  /** By the address of a BMC. */
  readonly #turns = new Map<string, OneAtATime>();
  readonly #closing = new Set<Promise<void>>();

  constructor(options: BmcQueuesOptions) {
    this.#options = options;
  }

  /** Of the BMC that the configuration names. One that has changed gets a new queue, and a new login. */
  of(machine: string, config: Config): BmcQueue {
    const { clock, open, audit } = this.#options;
    const key = JSON.stringify(config);
    const known = this.#queues.get(machine);
    if (known?.config === key) return known.queue;
    if (known) this.#close(known.queue);
    const address = `${config.address} ${config.port ?? ""}`;
    const inTurn = this.#turns.get(address) ?? oneAtATime();
    this.#turns.set(address, inTurn);
    const queue = new BmcQueue({
      clock: { now: () => clock.now().getTime(), after: (ms, call) => clock.after(ms, call) },
      inTurn,
      open: () => open(config, machine),
      audit: (entry) => audit(machine, entry),
    });
    this.#queues.set(machine, { config: key, queue });
    return queue;
  }

  readonly powerOf = (machine: string, config: Config): MachinePower => {
    const queue = this.of(machine, config);
    return {
      read: () => queue.poll("read power", (bmc) => bmc.power.read()),
      async press(button) {
        const answer = await queue.command(`press ${button}`, (bmc) => press(bmc, button));
        if (isAbsent(answer)) throw new Error(`Cannot press ${button}: ${answer.absent}`);
      },
      async networkBootOnce() {
        const wanted = { device: "pxe", lasting: "once" } as const;
        const answer = await queue.command("network boot once", (bmc) => bmc.boot.set(wanted));
        return isAbsent(answer) ? answer.absent : undefined;
      },
    };
  };

  async [Symbol.asyncDispose](): Promise<void> {
    for (const { queue } of this.#queues.values()) this.#close(queue);
    this.#queues.clear();
    await Promise.all(this.#closing);
  }

  #close(queue: BmcQueue): void {
    const closing = queue[Symbol.asyncDispose]().finally(() => this.#closing.delete(closing));
    this.#closing.add(closing);
  }
}

/** What a BMC lacks is made of what it has. */
async function press(bmc: Bmc, button: "on" | "off" | "softOff" | "cycle") {
  const answer = await bmc.power.press(button);
  if (!isAbsent(answer)) return answer;
  if (button === "softOff") return bmc.power.press("off");
  if (button === "cycle") return bmc.power.press("reset");
  return answer;
}
