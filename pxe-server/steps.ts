// What operators see of a boot: one structured line for every step, a sentence of it, and counters.
import type { Report } from "./booter.ts";
import { printable, printableJson } from "./printable.ts";

/** For machines: one JSON object in a line. */
export const stepLine = ({ bootId, mac, atMs, progress }: Report): string =>
  printableJson({ time: new Date(atMs).toISOString(), boot: bootId, mac, ...progress });

/** For people: `ingot pxe trace`. */
export function stepSentence({ bootId, mac, atMs, progress }: Report): string {
  const at = new Date(atMs).toISOString().slice(11, 23);
  return printable(`${at} ${bootId} ${mac} ${sentenceOf(progress)}`);
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
  downloaded_bytes_total: "Bytes of files that machines have whole.",
  dhcp_received_total: "Datagrams on ports 67 and 4011.",
  dhcp_replied_total: "Replies to them.",
  dhcp_dropped_total: "Those that were no DHCP, came from nobody, or were too many at once.",
  dhcp_silent_total: "Those that were for others, or from machines that may not boot here.",
  tftp_dropped_total: "Datagrams on the TFTP port that were no request.",
  leases: "Addresses that are leased, offered or declined.",
  pool_addresses: "Addresses of our pools.",
  boots: "Boots that are remembered.",
} as const;

/** Prometheus text format, version 0.0.4. */
export class StepCounters {
  readonly #steps = new Map<string, number>();
  readonly #downloadedBytes = new Map<string, number>();

  count({ progress }: Report): void {
    const over = "over" in progress ? `,over="${progress.over}"` : "";
    add(this.#steps, `step="${progress.step}"${over}`, 1);
    if (progress.step === "downloaded") {
      add(this.#downloadedBytes, `over="${progress.over}"`, progress.totalBytes);
    }
  }

  text(more: Readonly<Partial<Record<keyof typeof metrics, number>>>): string {
    return [
      ...series("steps_total", this.#steps),
      ...series("downloaded_bytes_total", this.#downloadedBytes),
      ...Object.entries(more).flatMap(([name, value]) =>
        series(name as keyof typeof metrics, new Map([["", value]])),
      ),
      "",
    ].join("\n");
  }
}

function add(counts: Map<string, number>, labels: string, amount: number): void {
  counts.set(labels, (counts.get(labels) ?? 0) + amount);
}

/** What it is, told once; then its values by their labels. */
function series(name: keyof typeof metrics, values: ReadonlyMap<string, number>): string[] {
  const full = `ingot_pxe_${name}`;
  return [
    `# HELP ${full} ${metrics[name]}`,
    `# TYPE ${full} ${name.endsWith("_total") ? "counter" : "gauge"}`,
    ...[...values].map(([labels, value]) => `${full}${labels && `{${labels}}`} ${value}`),
  ];
}
