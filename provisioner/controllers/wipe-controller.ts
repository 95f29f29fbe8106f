import type { Clock } from "../../cosi/clock.ts";
import { controller } from "../../cosi/engine/controller.ts";
import { many, shared } from "../../cosi/engine/owns.ts";
import { all, naming } from "../../cosi/engine/reads.ts";
import { equal } from "../../cosi/query.ts";
import type { ResourceOf, SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists } from "../../cosi/state-errors.ts";
import { attachedAgent } from "../decisions/attached-agent.ts";
import { gatherFacts } from "../decisions/facts.ts";
import { isUntouchable } from "../decisions/hands-off.ts";
import { type DiskPlan, wipePlan } from "../decisions/wipe-method.ts";
import { wipeNeeded } from "../decisions/wipe-needed.ts";
import { afterReport, certificatesOf, failed, interrupted, resultsOf } from "../decisions/wipe-outcome.ts";
import { AcceptanceRule } from "../resources/acceptance-rule.ts";
import type { Admission } from "../resources/admission.ts";
import { AgentOrder } from "../resources/agent-order.ts";
import { AgentReport } from "../resources/agent-report.ts";
import type { Inventory, InventoryDisk } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";
import { WipeCertificate } from "../resources/wipe-certificate.ts";
import { WipeStatus } from "../resources/wipe-status.ts";
import { machineReads } from "./machine-reads.ts";
import { writersAtOnce } from "./writers-at-once.ts";

export interface WipeDependencies {
  /** Where certificates are kept when machine and wipe are gone. */
  readonly state: State;
  readonly clock: Pick<Clock, "now" | "elapsedMs">;
  readonly newId: () => string;
  /** How many machines may be wiped at once: erasing takes power and cooling, and a mistake of ours spreads. */
  readonly mostAtOnce: number;
}

type Status = SpecOf<typeof WipeStatus>;
type Running = Extract<Status["run"], { state: "running" }>;
type Order = SpecOf<typeof AgentOrder>;

const runLabel = "ingot.dev/wipe";
const verifySamples = 64;
/** How soon those look again whose turn is next. */
const turnMs = 1_000;
/** After its deadline the agent has given up; the word of that may be on its way. */
const graceMs = 60_000;

/**
 * Has the disks of machines wiped: new ones, those that leave an assignment, and when somebody asks. What is begun is
 * written down before the order goes out, and no second one goes out before that is known to have ended.
 */
export const wipeController = ({ state, clock, newId, mostAtOnce }: WipeDependencies) => {
  /** Who waits for a turn, in the order in which they began to. */
  const waiting = new Set<string>();
  /** Until when it is taken that no turn has come free: those who wait do not all count all the time. */
  let full = { untilMs: Number.NEGATIVE_INFINITY, others: 0 };
  const waitForTurn = (id: string, others: number, now: Date) => {
    waiting.add(id);
    const rounds = Math.max(1, [...waiting].indexOf(id) / (2 * mostAtOnce));
    const why = `${others} other machines are being wiped: it waits for its turn`;
    return { do: "wait", why, until: new Date(now.getTime() + rounds * turnMs) } as const;
  };
  /** Whose turn it is, though the store may not say so yet: several are decided on at once. */
  const begun = new Set<string>();
  return controller({
    name: "Wipe",
    each: Machine,
    reads: {
      ...machineReads,
      orders: naming(AgentOrder, ({ spec }) => [spec.machine]),
      reports: naming(AgentReport, ({ spec }) => [spec.machine]),
      rules: all(AcceptanceRule),
    },
    // In this order they are written.
    owns: { status: WipeStatus, orders: shared(many(AgentOrder)) },
    concurrency: writersAtOnce,

    async reconcile(machine, { orders, reports, rules, ...records }) {
      const now = clock.now();
      const { id } = machine.metadata;
      const facts = gatherFacts({ machine, ...records });
      const { boot, inventory, wipe: current } = records;
      const demanded = demandOf(records.admission?.spec, rules);
      const before = current?.spec;

      if (before?.run.state === "running") {
        begun.delete(id);
        const { run } = before;
        const report = reports.find(({ metadata }) => metadata.id === run.orderId)?.spec;
        const told = report && afterReport(before, run, report.outcome, now);
        if (told && told.run.state !== "running") {
          const version = attachedAgent(boot)?.version ?? "";
          await keep(state, certificatesOf(id, run.wipeId, resultsOf(report.outcome), version));
          return { do: "set", outputs: { status: output(told) }, why: whyOf(told.run) };
        }
        const anew = boot && boot.spec.state !== "booting" && boot.spec.kernelBootId !== run.kernelBootId;
        if (anew) {
          const next = interrupted(before, run, "the machine was started anew meanwhile", now);
          return { do: "set", outputs: { status: output(next) }, why: whyOf(next.run) };
        }
        const isLate = now.getTime() >= run.deadline.getTime() + graceMs;
        const agentIsThere = attachedAgent(boot) !== undefined;
        if (isLate && !agentIsThere) {
          // It may still be erasing: nothing is begun over it before somebody has looked.
          const next = failed(before, run, now, "nothing was heard of it until its deadline", []);
          return { do: "set", outputs: { status: output(next) }, why: whyOf(next.run) };
        }
        const order =
          orders.find(({ metadata }) => metadata.id === run.orderId)?.spec ??
          (inventory && orderOf(id, run, planFor(run.wipeId, before, inventory.spec, demanded)));
        const stop = isLate || isUntouchable(facts);
        return {
          do: "set",
          outputs: {
            status: output(told ?? before),
            orders: order && { [run.orderId]: { spec: { ...order, cancelled: order.cancelled || stop } } },
          },
          why: "its disks are being wiped",
          ...(!isLate && { until: new Date(run.deadline.getTime() + graceMs) }),
        };
      }

      const decision = wipeNeeded(facts);
      if (decision.is !== "begin") {
        waiting.delete(id);
        begun.delete(id);
      }
      const asItWas = before && { status: output(before) };
      const agent = attachedAgent(boot);
      if (decision.is !== "begin" || !agent || !inventory) {
        return { do: "set", outputs: { ...asItWas }, why: decision.why };
      }
      if (orders.some((order) => isInTheWay(order, reports))) {
        return { do: "wait", why: "its agent carries out another order first" };
      }
      if (clock.elapsedMs() < full.untilMs) return waitForTurn(id, full.others, now);
      const runningNow = await state.list(WipeStatus, { labels: [equal(runLabel, "running")] });
      const others = new Set([...runningNow.resources.map(({ metadata }) => metadata.id), ...begun]);
      others.delete(id);
      if (others.size >= mostAtOnce) {
        full = { untilMs: clock.elapsedMs() + turnMs / 4, others: others.size };
        return waitForTurn(id, others.size, now);
      }
      waiting.delete(id);
      begun.add(id);
      const wipeId = facts.wipeAsked;
      const plan = planFor(wipeId, before, inventory.spec, demanded);
      const previous = before?.run.wipeId === wipeId ? before.run.attempt : 0;
      const run: Running = {
        state: "running",
        wipeId,
        attempt: previous + 1,
        orderId: newId(),
        startedAt: now,
        kernelBootId: agent.kernelBootId,
        deadline: new Date(now.getTime() + longestMs(plan)),
        progress: [],
      };
      const wipedAt = before?.wipedAt ?? 0;
      if (plan.disks.length === 0) {
        return { do: "set", outputs: { status: output(nothingToWipe(run, now)) }, why: plan.why };
      }
      return {
        do: "set",
        outputs: {
          status: output({ wipedAt, run }),
          orders: { [run.orderId]: { spec: orderOf(id, run, plan) } },
        },
        why: `${decision.why}: ${plan.why}`,
      };
    },
  });
};

const output = (spec: Status) => ({ spec, labels: { [runLabel]: spec.run.state } });
const whyOf = (run: Status["run"]) => ("why" in run ? run.why : "wiped");

/** Written once: after a crash some are there already. */
async function keep(state: State, certificates: ReturnType<typeof certificatesOf>): Promise<void> {
  for (const [id, spec] of certificates) {
    const labels = { "ingot.dev/machine": spec.machine, "ingot.dev/serial": spec.serial };
    await state.create(WipeCertificate, id, { spec, labels }).catch((error: unknown) => {
      if (!(error instanceof AlreadyExists)) throw error;
    });
  }
}

const nothingToWipe = ({ wipeId, attempt, orderId, startedAt }: Running, endedAt: Date): Status => ({
  wipedAt: wipeId,
  run: { state: "done", wipeId, attempt, orderId, startedAt, endedAt, disks: [] },
});

interface Plan {
  readonly purpose: "initial" | "release";
  readonly disks: readonly { readonly disk: InventoryDisk; readonly how: DiskPlan & { is: "wiped" } }[];
  readonly why: string;
}

/** New machines are emptied; whatever was used, or is wiped because somebody says so, is made unreadable. */
function planFor(
  wipeId: number,
  before: Status | undefined,
  { disks }: SpecOf<typeof Inventory>,
  demanded: SpecOf<typeof AcceptanceRule>["wipeMethods"],
): Plan {
  const purpose = wipeId === 1 && (before?.wipedAt ?? 0) === 0 ? "initial" : "release";
  const judged = wipePlan(disks, { purpose, demanded, allTheSame: new Set() });
  const chosen = judged.flatMap((how, index) => (how.is === "wiped" ? [{ how, disk: disks[index]! }] : []));
  const spared = judged.filter(({ is }) => is === "spared").map(({ disk, why }) => `${disk} ${why}`);
  const told = chosen.length === 0 ? "it has no disks to wipe" : `${chosen.length} disks to wipe`;
  return { purpose, disks: chosen, why: [told, ...spared].join("; ") };
}

function orderOf(machine: string, run: Running, { disks, why }: Plan): Order {
  return {
    machine,
    kernelBootId: run.kernelBootId,
    deadline: run.deadline,
    why,
    cancelled: false,
    what: {
      is: "wipe",
      wipeId: run.wipeId,
      parallel: 0,
      disks: disks.map(({ disk, how }) => ({
        disk: disk.id,
        serial: disk.serial,
        wwid: disk.wwid,
        sizeBytes: disk.sizeBytes,
        methods: [...how.methods],
        verifySamples,
        evenIfSharedOrRemovable: false,
      })),
    },
  };
}

/** A slow disk is written at 50 MB/s. Machines were wiped in a circle because somebody's deadline was 30 s. */
function longestMs({ purpose, disks }: Plan): number {
  if (purpose === "initial") return 3_600_000;
  const largest = Math.max(0, ...disks.map(({ disk }) => disk.sizeBytes));
  return 3_600_000 + (largest / 50e6) * 1000;
}

/** An order of somebody else that has not come to its end: an agent does one thing that matters at a time. */
function isInTheWay(
  { metadata: { id, owner } }: ResourceOf<typeof AgentOrder>,
  reports: readonly ResourceOf<typeof AgentReport>[],
): boolean {
  if (owner === "Wipe") return false;
  const state = reports.find(({ metadata }) => metadata.id === id)?.spec.outcome.state;
  return state === undefined || state === "running";
}

function demandOf(
  admission: SpecOf<typeof Admission> | undefined,
  rules: readonly ResourceOf<typeof AcceptanceRule>[],
) {
  const by = admission?.state === "accepted" ? admission.by : "";
  return rules.find(({ metadata }) => by === `rule ${metadata.id}`)?.spec.wipeMethods;
}
