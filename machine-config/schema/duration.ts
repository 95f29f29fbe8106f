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

/** As Go prints a duration of whole microseconds or more: `1m0s`, `333.333ms`. */
export function goDuration(ms: number): string {
  if (ms === 0) return "0s";
  if (ms < 1000) return `${Number(ms.toFixed(3))}ms`;
  const seconds = ms / 1000;
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  const rest = `${Number((seconds % 60).toFixed(6))}s`;
  if (hours > 0) return `${hours}h${minutes}m${rest}`;
  return minutes > 0 ? `${minutes}m${rest}` : rest;
}
