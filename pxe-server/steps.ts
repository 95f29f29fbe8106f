// What operators see of a boot: one structured line for every step, a sentence of it, and counters.
import type { Report } from "./booter.ts";

/** For machines: one JSON object in a line. */
export const stepLine = ({ bootId, mac, atMs, progress }: Report): string =>
  JSON.stringify({ time: new Date(atMs).toISOString(), boot: bootId, mac, ...progress });

/** For people: `ingot pxe trace`. */
export function stepSentence({ bootId, mac, atMs, progress }: Report): string {
  const at = new Date(atMs).toISOString().slice(11, 23);
  return `${at} ${bootId} ${mac} ${sentenceOf(progress)}`;
}

function sentenceOf(progress: Report["progress"]): string {
  switch (progress.step) {
    case "asked":
      return `${progress.firmware} asks ${progress.protocol === "dhcp" ? "for an address and a boot" : "the boot server"}`;
    case "offered":
      return `is offered ${progress.file || "a boot server"} (${progress.tactic})`;
    case "ignored":
      return `is ignored: ${progress.why}`;
    case "leased":
      return `has ${progress.address}`;
    case "downloading":
      return `loads ${progress.file} by ${progress.over}, ${progress.sentBytes} of ${progress.totalBytes} bytes`;
    case "downloaded":
      return `has loaded ${progress.file} by ${progress.over}, ${progress.totalBytes} bytes`;
    case "scripted":
      return `is told: ${progress.plan} (${progress.why})`;
    case "failed":
      return `did not load ${progress.file} by ${progress.over}: ${progress.why}`;
    default:
      return progress satisfies never;
  }
}

/** Prometheus text format, version 0.0.4. */
export class StepCounters {
  readonly #counts = new Map<string, number>();

  count({ progress }: Report): void {
    const over = "over" in progress ? `,over="${progress.over}"` : "";
    const key = `step="${progress.step}"${over}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  text(more: Readonly<Record<string, number>>): string {
    const steps = [...this.#counts].map(([labels, count]) => `ingot_pxe_steps_total{${labels}} ${count}`);
    const others = Object.entries(more).flatMap(([name, value]) => [
      `# TYPE ingot_pxe_${name} ${name.endsWith("_total") ? "counter" : "gauge"}`,
      `ingot_pxe_${name} ${value}`,
    ]);
    return ["# TYPE ingot_pxe_steps_total counter", ...steps, ...others, ""].join("\n");
  }
}
