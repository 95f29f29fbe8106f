import type { Clock } from "../../cosi/clock.ts";
import { controller } from "../../cosi/engine/controller.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import { gatherFacts, type Records } from "../decisions/facts.ts";
import { type PowerStep, powerStep } from "../decisions/power-command.ts";
import type { BmcConfig } from "../resources/bmc-config.ts";
import { Machine } from "../resources/machine.ts";
import { PowerStatus } from "../resources/power-status.ts";
import type { MachinePower } from "./machine-power.ts";
import { machineReads } from "./machine-reads.ts";
import { PowerPace } from "./power-pace.ts";

export interface PowerDependencies {
  readonly clock: Pick<Clock, "now" | "elapsedMs">;
  /** One at a time for each BMC: whoever asks twice gets the same queue. */
  readonly powerOf: (machine: string, bmc: SpecOf<typeof BmcConfig>) => MachinePower;
  /** What is known of a machine at this moment. */
  readonly recordsOf: (machine: string) => Promise<Records | undefined>;
}

type Status = SpecOf<typeof PowerStatus>;

/** BMCs hang when they are asked too often, and lie when they are not asked again. */
const pollMs = 5 * 60_000;
const soonMs = 5_000;
const restMs = 30_000;
/** Racks that start in one moment trip breakers, and ask for their boots in one moment too. */
const startsPace = { perSecond: 20, burst: 10 };
/** Of BMCs that this process has not asked yet: after a start those are all. */
const contactsPace = { perSecond: 50, burst: 20 };
/** One that was not reached so often in a row is said to be unknown, and asked on. */
const silences = 3;

/**
 * Brings machines to the power that they shall have. One step at a time: a command is written down, told in the next
 * reconcile, and read back in one after that, so that a crash between any two of them is made up for.
 */
export const powerController = ({ clock, powerOf, recordsOf }: PowerDependencies) => {
  const readings = new Map<string, { readonly said: "on" | "off"; readonly atMs: number }>();
  const pace = new PowerPace(clock, startsPace);
  const contacts = new PowerPace(clock, contactsPace);
  const waitMs = (id: string, step: PowerStep) => {
    if (step.do === "record" && step.order.power !== "off") return pace.waitMs(id);
    pace.leave(id);
    return 0;
  };
  return controller({
    name: "Power",
    each: Machine,
    reads: machineReads,
    owns: PowerStatus,
    concurrency: 64,
    timeoutMs: 60_000,

    async reconcile(machine, records, { signal, failures }) {
      const { id } = machine.metadata;
      const { bmcConfig, power: current } = records;
      if (!bmcConfig) {
        readings.delete(id);
        return { do: "remove", why: "no account to its BMC is known" };
      }
      const before = current && sinceTheClockWasSet(current.spec, clock.now());
      const power = powerOf(id, bmcConfig.spec);
      const stepFor = (actual: "on" | "off", known: Records = { machine, ...records }) =>
        powerStep({
          facts: gatherFacts(known),
          actual,
          order: before?.order,
          told: before?.told,
          boot: known.boot?.spec,
          status: known.status?.spec,
          now: clock.now(),
        });

      const last = readings.get(id);
      const agoMs = last ? clock.elapsedMs() - last.atMs : 0;
      if (last && before?.power === last.said && agoMs < restMs) {
        const step = stepFor(last.said);
        const turnMs = waitMs(id, step);
        // Whatever changed in its records: there is nothing to command, and BMCs are not asked for fun.
        if (step.do === "watch" || turnMs > 0) {
          return { do: "set", spec: withoutUntold(before), ...rest(step, turnMs, clock.now(), agoMs) };
        }
      }

      const hasTime = !before || before.power === "unknown" || stepFor(before.power).do === "watch";
      const contactMs = !last && hasTime ? contacts.waitMs(id) : 0;
      if (contactMs > 0) {
        const rest = { why: "other BMCs are asked before its", until: soonest(clock.now(), contactMs) };
        return before ? { do: "set", spec: withoutUntold(before), ...rest } : { do: "wait", ...rest };
      }
      contacts.leave(id);

      let said: "on" | "off" | "changing";
      try {
        said = await power.read(signal);
      } catch (error) {
        readings.delete(id);
        if (failures < silences || before?.power === "unknown") throw error;
        const why = error instanceof Error ? error.message : String(error);
        const unknown = { power: "unknown", since: clock.now(), why, ...commandsOf(before) } as const;
        return { do: "set", spec: unknown, why, until: soonest(clock.now(), soonMs) };
      }
      const now = clock.now();
      if (said === "changing") {
        return { do: "wait", why: "its BMC says that it is between on and off", until: soonest(now, soonMs) };
      }
      readings.set(id, { said, atMs: clock.elapsedMs() });

      const read = seen(before, said, now);
      const step = stepFor(said);
      const turnMs = waitMs(id, step);
      if (step.do === "watch" || turnMs > 0) {
        const spec = withoutUntold({ ...read, ...commandsOf(before) });
        return { do: "set", spec, ...rest(step, turnMs, now) };
      }
      const { order } = step;
      if (step.do !== "tell") {
        return {
          do: "set",
          spec: { ...read, ...commandsOf(before), order },
          why: order.why,
          until: soonest(now, soonMs),
        };
      }
      const noNetwork = step.networkBoot ? await power.networkBootOnce(signal) : undefined;
      // A BMC takes its time, in which a machine may have come where it was to be cycled to.
      const latest = await recordsOf(id);
      const still = latest && stepFor(said, latest);
      if (!latest || still?.do !== "tell" || still.button !== step.button) {
        return { do: "wait", why: "what is known of it has just changed", until: soonest(now, soonMs) };
      }
      // What was read before says nothing from here on, whatever comes of it.
      readings.delete(id);
      const unheard = await unacknowledged(power.press(step.button, signal));
      const at = clock.now();
      const told = { power: order.power, at, ...whatIsSeen(latest) };
      const spec = { ...read, told, order: { ...order, toldAt: at } };
      const why = [order.why, noNetwork && `its own boot order holds: ${noNetwork}`, unheard]
        .filter((part) => part !== undefined)
        .join("; ");
      return { do: "set", spec, why, until: soonest(now, soonMs) };
    },
  });
};

/** What runs as far as anybody knows, for those who have to tell it from what comes after a command. */
function whatIsSeen({ boot, installation }: Records): Omit<NonNullable<Status["told"]>, "power" | "at"> {
  const node = installation?.spec.node;
  return {
    ...(boot?.spec.state === "agent" && { agent: boot.spec.kernelBootId }),
    ...(boot?.spec.state === "booting" && { boot: boot.spec.bootId }),
    ...((node?.is === "ready" || node?.is === "notReady") && { system: node.since }),
  };
}

/**
 * A command whose answer is lost may have come to its effect: it counts as told, and what comes of it shows. Machines
 * were cycled every few seconds by a BMC that did as it was told and had no time to say so.
 */
async function unacknowledged(command: Promise<void>): Promise<string | undefined> {
  try {
    await command;
    return undefined;
  } catch (error) {
    return `its BMC did not say that it will: ${error instanceof Error ? error.message : String(error)}`;
  }
}

/** What was told in a time that has not come yet was told before somebody set the clock back. */
function sinceTheClockWasSet(status: Status, now: Date): Status {
  const { order, told } = status;
  const past = (date: Date) => (date > now ? now : date);
  return {
    ...status,
    ...(order && {
      order: { ...order, at: past(order.at), ...(order.toldAt && { toldAt: past(order.toldAt) }) },
    }),
    ...(told && { told: { ...told, at: past(told.at) } }),
  };
}

const commandsOf = (status: Status | undefined): Pick<Status, "order" | "told"> => ({
  ...(status?.order && { order: status.order }),
  ...(status?.told && { told: status.told }),
});

/** What was never told has no effect to wait for, and must not cast doubt on what is seen. */
function withoutUntold<Read extends Status>(status: Read): Read {
  const { order, ...read } = status;
  return order?.toldAt ? status : (read as Read);
}

const sooner = (one: Date | undefined, other: Date) => (one && one < other ? one : other);
const soonest = (now: Date, ms: number) => new Date(now.getTime() + ms);

/** Until when there is nothing to tell its BMC, and why. */
function rest(step: PowerStep, turnMs: number, now: Date, readAgoMs = 0) {
  if (step.do === "watch") {
    return { why: step.why, until: sooner(step.until, soonest(now, pollMs - readAgoMs)) };
  }
  return { why: "others are turned on before it", until: soonest(now, turnMs) };
}

/** Since when it is so, and when that was last read: to the poll, lest everybody looks at every reading. */
function seen(before: Status | undefined, power: "on" | "off", now: Date) {
  const same = before?.power === power;
  const readAt = same && Math.abs(now.getTime() - before.readAt.getTime()) < pollMs ? before.readAt : now;
  return { power, since: same ? before.since : now, readAt };
}
