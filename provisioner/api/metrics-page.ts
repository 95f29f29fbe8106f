// The fleet in figures, as Prometheus reads them: how many machines are in each stage, for how long, and how many are
// stuck there.
import type { Clock } from "../../cosi/clock.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { Installation } from "../resources/installation.ts";
import { MachineStatus } from "../resources/machine-status.ts";
import { stages } from "../resources/stages.ts";

interface Row {
  readonly name: string;
  readonly help: string;
  readonly of: (figures: Figures) => number;
}
interface Figures {
  count: number;
  stuck: number;
  oldestS: number;
}

const rows: readonly Row[] = [
  { name: "ingot_machines", help: "Machines in each stage.", of: ({ count }) => count },
  {
    name: "ingot_machines_stuck",
    help: "Machines that were retried, or given up, in each stage.",
    of: ({ stuck }) => stuck,
  },
  {
    name: "ingot_machines_oldest_seconds",
    help: "How long the oldest machine of each stage has been there.",
    of: ({ oldestS }) => oldestS,
  },
];

const nodeStates = { unseen: 0, ready: 0, notReady: 0, silent: 0 } as const satisfies Readonly<
  Record<SpecOf<typeof Installation>["node"]["is"], number>
>;

export async function fleetMetrics(state: State, clock: Pick<Clock, "now">): Promise<string> {
  const now = clock.now().getTime();
  const figures = new Map<string, Figures>(
    stages.map((stage) => [stage, { count: 0, stuck: 0, oldestS: 0 }]),
  );
  for (const { spec } of (await state.list(MachineStatus)).resources) {
    const of = figures.get(spec.stage)!;
    of.count += 1;
    if (spec.progress.is === "gaveUp" || spec.progress.retries > 0) of.stuck += 1;
    of.oldestS = Math.max(of.oldestS, Math.round((now - spec.since.getTime()) / 1000));
  }
  const nodes = new Map(Object.keys(nodeStates).map((is) => [is, 0]));
  for (const { spec } of (await state.list(Installation)).resources) {
    nodes.set(spec.node.is, nodes.get(spec.node.is)! + 1);
  }
  return rows
    .flatMap(({ name, help, of }) => [
      `# HELP ${name} ${help}`,
      `# TYPE ${name} gauge`,
      ...[...figures].map(([stage, one]) => `${name}{stage="${stage}"} ${of(one)}`),
    ])
    .concat(
      "# HELP ingot_nodes Installed systems, by what they last showed of themselves.",
      "# TYPE ingot_nodes gauge",
      [...nodes].map(([is, count]) => `ingot_nodes{state="${is}"} ${count}`),
      "",
    )
    .join("\n");
}
