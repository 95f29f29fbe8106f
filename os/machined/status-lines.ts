// What a technician in front of the machine is told.

export interface Status {
  readonly mode: string;
  readonly hostname: string;
  readonly machineId: string;
  readonly machine: string;
  /** Undefined when the machine was not told to obey one. */
  readonly provisioner: string | undefined;
  readonly addresses: readonly string[];
  readonly links: readonly {
    readonly name: string;
    readonly plugged: boolean;
    readonly speedMbit: number;
    /** The switch and its port, when it says so. */
    readonly neighbor: string;
  }[];
  readonly time: string;
  /** A sentence, or empty when nothing is waited for. */
  readonly waitingFor: string;
  readonly problems: readonly { readonly at: string; readonly text: string }[];
}

const width = 79;

export function statusLines(status: Status): string[] {
  const { mode, hostname, machineId, machine, provisioner, addresses, links, time, waitingFor, problems } =
    status;
  const rows: readonly (readonly [name: string, text: string])[] = [
    ["Mode", mode],
    ["Machine", [machine, machineId].filter((it) => it !== "").join(", ") || "unknown"],
    ["Name", hostname || "none yet"],
    ["Provisioner", provisioner ?? "none: the kernel arguments name none"],
    ["Address", addresses.join(", ") || "none"],
    ...links.map((link, nth): readonly [string, string] => [nth === 0 ? "Ports" : "", linkText(link)]),
    ["Time", time],
    ["Waiting for", waitingFor || "nothing"],
  ];
  return [
    "",
    " Ingot",
    "",
    ...rows.flatMap(([name, text]) => wrapped(` ${name.padEnd(14)}`, text)),
    "",
    ...(problems.length > 0 ? [" Last problems"] : []),
    ...problems.flatMap(({ at, text }) => wrapped(`   ${at} `, text)),
    "",
    " Alt+F1: kernel messages    Alt+F2: this screen",
  ];
}

/** What is shown when the machine cannot go on. */
export function fatalLines(reason: string, next: string): string[] {
  return ["", " Ingot cannot go on", "", ...wrapped(" ", reason), "", ...wrapped(" ", next)];
}

/** For a log: what matters of the status, in one line. */
export const statusSummary = ({ mode, hostname, addresses, waitingFor }: Status): string =>
  `status: ${mode} mode, ${hostname || "no name"}, ${addresses.join(" ") || "no address"}, waiting for ${waitingFor || "nothing"}`;

function linkText({ name, plugged, speedMbit, neighbor }: Status["links"][number]): string {
  if (!plugged) return `${name}: no link`;
  const speed = speedMbit > 0 ? `, ${speedMbit} Mbit/s` : "";
  return `${name}: link${speed}${neighbor && `, at ${neighbor}`}`;
}

/** Lines of at most the screen's width, broken between words where there are any. */
function wrapped(label: string, text: string): string[] {
  const room = width - label.length;
  const lines: string[] = [];
  let left = text.replace(/\p{C}+/gu, " ");
  while (left.length > room) {
    const space = left.lastIndexOf(" ", room);
    const end = space > 0 ? space : room;
    lines.push(left.slice(0, end));
    left = left.slice(end).trimStart();
  }
  lines.push(left);
  return lines.map((line, nth) => (nth === 0 ? label : " ".repeat(label.length)) + line);
}
