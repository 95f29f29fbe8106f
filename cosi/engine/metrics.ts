import type { AnyVerdict } from "./verdict.ts";

/** Upper ends of the buckets in which durations are counted; the last bucket has none. */
export const durationBucketsMs = [1, 5, 25, 100, 500, 1000, 5000, 30_000, 120_000] as const;

/** What one controller has done since the process began. Plain numbers, for a page of metrics. */
export interface ControllerMetrics {
  leading: 0 | 1;
  reconciles: number;
  /** Reconciles that threw. */
  failures: number;
  /** Reconciles whose write came too late: somebody else had written. */
  conflicts: number;
  retries: number;
  /** Resources created, updated, torn down or destroyed. */
  writes: number;
  readonly verdicts: Record<AnyVerdict["do"], number>;
  durationMsSum: number;
  /** How many reconciles took up to `durationBucketsMs[i]`, and more than the bucket before. */
  readonly durations: number[];
  queueDepth: number;
  running: number;
}

export function noMetrics(): ControllerMetrics {
  return {
    leading: 0,
    reconciles: 0,
    failures: 0,
    conflicts: 0,
    retries: 0,
    writes: 0,
    verdicts: { set: 0, wait: 0, remove: 0, done: 0, fail: 0 },
    durationMsSum: 0,
    durations: Array.from({ length: durationBucketsMs.length + 1 }, () => 0),
    queueDepth: 0,
    running: 0,
  };
}

export function countDuration(metrics: ControllerMetrics, durationMs: number): void {
  metrics.durationMsSum += durationMs;
  const bucket = durationBucketsMs.findIndex((end) => durationMs <= end);
  metrics.durations[bucket < 0 ? durationBucketsMs.length : bucket]!++;
}
