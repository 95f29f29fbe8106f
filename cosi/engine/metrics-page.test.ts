import { expect, test } from "vitest";
import { countDuration, noMetrics } from "./metrics.ts";
import { metricsPage } from "./metrics-page.ts";

test("metrics are told as Prometheus reads them", () => {
  const power = { ...noMetrics(), leading: 1 as const, reconciles: 3, failures: 1, queueDepth: 2 };
  power.verdicts.set = 2;
  for (const durationMs of [0, 1, 30, 200_000]) countDuration(power, durationMs);
  const page = metricsPage({ Power: power, Wipe: noMetrics() }).split("\n");
  expect(page.slice(0, 8)).toEqual([
    "# HELP ingot_controller_leading Whether this process runs the controller.",
    "# TYPE ingot_controller_leading gauge",
    'ingot_controller_leading{controller="Power"} 1',
    'ingot_controller_leading{controller="Wipe"} 0',
    "# HELP ingot_controller_reconciles_total Reconciles begun.",
    "# TYPE ingot_controller_reconciles_total counter",
    'ingot_controller_reconciles_total{controller="Power"} 3',
    'ingot_controller_reconciles_total{controller="Wipe"} 0',
  ]);
  expect(page).toContain('ingot_controller_verdicts_total{controller="Power",verdict="set"} 2');
  const from = page.indexOf("# TYPE ingot_controller_reconcile_seconds histogram");
  expect(page.slice(from + 1, from + 13)).toEqual([
    'ingot_controller_reconcile_seconds_bucket{controller="Power",le="0.001"} 2',
    'ingot_controller_reconcile_seconds_bucket{controller="Power",le="0.005"} 2',
    'ingot_controller_reconcile_seconds_bucket{controller="Power",le="0.025"} 2',
    'ingot_controller_reconcile_seconds_bucket{controller="Power",le="0.1"} 3',
    'ingot_controller_reconcile_seconds_bucket{controller="Power",le="0.5"} 3',
    'ingot_controller_reconcile_seconds_bucket{controller="Power",le="1"} 3',
    'ingot_controller_reconcile_seconds_bucket{controller="Power",le="5"} 3',
    'ingot_controller_reconcile_seconds_bucket{controller="Power",le="30"} 3',
    'ingot_controller_reconcile_seconds_bucket{controller="Power",le="120"} 3',
    'ingot_controller_reconcile_seconds_bucket{controller="Power",le="+Inf"} 4',
    'ingot_controller_reconcile_seconds_sum{controller="Power"} 200.031',
    'ingot_controller_reconcile_seconds_count{controller="Power"} 4',
  ]);
});
