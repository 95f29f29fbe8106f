import { type ControllerMetrics, durationBucketsMs } from "./metrics.ts";

type Metrics = Readonly<Record<string, Readonly<ControllerMetrics>>>;
type Plain = { [Name in keyof ControllerMetrics]: ControllerMetrics[Name] extends number ? Name : never };

/** What is counted, and how it is called on the page. */
const rows: readonly (readonly [
  name: string,
  kind: "counter" | "gauge",
  help: string,
  of: Plain[keyof ControllerMetrics],
])[] = [
  ["controller_leading", "gauge", "Whether this process runs the controller.", "leading"],
  ["controller_reconciles_total", "counter", "Reconciles begun.", "reconciles"],
  ["controller_failures_total", "counter", "Reconciles that threw.", "failures"],
  ["controller_conflicts_total", "counter", "Reconciles overtaken by another writer.", "conflicts"],
  ["controller_retries_total", "counter", "Reconciles after a failed one.", "retries"],
  ["controller_writes_total", "counter", "Resources created, updated, torn down or destroyed.", "writes"],
  ["controller_queue_depth", "gauge", "Keys waiting for their turn.", "queueDepth"],
  ["controller_running", "gauge", "Reconciles under way.", "running"],
];

/** The controllers' part of a page of metrics, in the text format of Prometheus. */
export function metricsPage(metrics: Metrics, prefix = "ingot_"): string {
  const controllers = Object.entries(metrics);
  const heading = (name: string, kind: string, help: string) => [
    `# HELP ${prefix}${name} ${help}`,
    `# TYPE ${prefix}${name} ${kind}`,
  ];
  const verdicts = "controller_verdicts_total";
  const durations = "controller_reconcile_seconds";
  return [
    ...rows.flatMap(([name, kind, help, field]) => [
      ...heading(name, kind, help),
      ...controllers.map(
        ([controller, counts]) => `${prefix}${name}{controller="${controller}"} ${counts[field]}`,
      ),
    ]),
    ...heading(verdicts, "counter", "Verdicts by what they said to do."),
    ...controllers.flatMap(([controller, counts]) =>
      Object.entries(counts.verdicts).map(
        ([verdict, count]) =>
          `${prefix}${verdicts}{controller="${controller}",verdict="${verdict}"} ${count}`,
      ),
    ),
    ...heading(durations, "histogram", "How long reconciles took."),
    ...controllers.flatMap(([controller, counts]) => histogram(`${prefix}${durations}`, controller, counts)),
    "",
  ].join("\n");
}

function histogram(
  name: string,
  controller: string,
  { durations, durationMsSum }: ControllerMetrics,
): string[] {
  let total = 0;
  const buckets = durations.map((count, index) => {
    total += count;
    const end = durationBucketsMs[index];
    return `${name}_bucket{controller="${controller}",le="${end === undefined ? "+Inf" : end / 1000}"} ${total}`;
  });
  return [
    ...buckets,
    `${name}_sum{controller="${controller}"} ${durationMsSum / 1000}`,
    `${name}_count{controller="${controller}"} ${total}`,
  ];
}
