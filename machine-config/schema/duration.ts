const unitMs = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1e3, m: 60e3, h: 3600e3 } as const;

/** The milliseconds of a duration as Go writes it; see `duration` in scalars.ts for what is one. */
export function durationMs(text: string): number {
  const sign = text.startsWith("-") ? -1 : 1;
  const parts = [...text.matchAll(/(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)/g)];
  return (
    sign *
    parts.reduce((sum, [, digits, unit]) => sum + Number(digits) * unitMs[unit as keyof typeof unitMs], 0)
  );
}
