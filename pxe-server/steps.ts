// What operators see of a boot: one structured line for every step, a sentence of it, and counters.
import type { Report } from "./booter.ts";

/** For machines: one JSON object in a line. */
export const stepLine = ({ bootId, mac, atMs, progress }: Report): string =>
  JSON.stringify({ time: new Date(atMs).toISOString(), boot: bootId, mac, ...progress });

/** For people: `ingot pxe trace`. */
export function stepSentence({ bootId, mac, atMs, progress }: Report): string {
  const at = new Date(atMs).toISOString().slice(11, 23);
  // A file's name or a reason may be a stranger's text, and a terminal obeys some of it.
  return `${at} ${bootId} ${mac} ${sentenceOf(progress).replace(/[^ -~]/g, "?")}`;
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

/** Everything at /metrics: adding one is adding a row. */
const metrics = {
  steps_total: "Steps of boots, by what happened.",
  dhcp_received_total: "Datagrams on ports 67 and 4011.",
  dhcp_replied_total: "Replies to them.",
  dhcp_dropped_total: "Those that were no DHCP, came from nobody, or were too many at once.",
  dhcp_silent_total: "Those that were for others, or from machines that may not boot here.",
  tftp_dropped_total: "Datagrams on the TFTP port that were no request.",
  leases: "Addresses that are leased, offered or declined.",
  boots: "Boots that are remembered.",
} as const;

/** Prometheus text format, version 0.0.4. */
export class StepCounters {
  readonly #counts = new Map<string, number>();

  count({ progress }: Report): void {
    const over = "over" in progress ? `,over="${progress.over}"` : "";
    const key = `step="${progress.step}"${over}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  text(more: Readonly<Partial<Record<keyof typeof metrics, number>>>): string {
    const steps = [...this.#counts].map(([labels, count]) => `ingot_pxe_steps_total{${labels}} ${count}`);
    const others = Object.entries(more).flatMap(([name, value]) => [
      ...headOf(name as keyof typeof metrics),
      `ingot_pxe_${name} ${value}`,
    ]);
    return [...headOf("steps_total"), ...steps, ...others, ""].join("\n");
  }
}

const headOf = (name: keyof typeof metrics) => [
  `# HELP ingot_pxe_${name} ${metrics[name]}`,
  `# TYPE ingot_pxe_${name} ${name.endsWith("_total") ? "counter" : "gauge"}`,
];
