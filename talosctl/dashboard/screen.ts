// The dashboard as lines of text: what it shows follows from what is known and from the size of the terminal alone.
import { cpuHistory, type NodeView, type Rate, ratesOf } from "./node-view.ts";
import type { Sample } from "./sample.ts";

export interface Size {
  readonly columns: number;
  readonly rows: number;
}

const bold = (text: string) => `\u001B[1m${text}\u001B[0m`;
const inverse = (text: string) => `\u001B[7m${text}\u001B[0m`;
const red = (text: string) => `\u001B[31m${text}\u001B[0m`;

/** All nodes in a table, the chosen one in full below, and its log in what room is left. `back`: lines scrolled back. */
export function screen(views: readonly NodeView[], chosen: number, back: number, size: Size): string[] {
  const view = views[chosen];
  const head = [...table(views, chosen, size), "", ...(view ? details(view, size) : []), ""];
  const room = Math.max(0, size.rows - head.length - 1);
  const end = Math.max(0, (view?.log.length ?? 0) - back);
  const log = (view?.log.slice(Math.max(0, end - room), end) ?? []).map((line) => cut(line, size.columns));
  const keys = "q: quit   ←/→: another node   ↑/↓: scroll the log";
  return [...head, ...log, ...Array.from({ length: room - log.length }, () => ""), cut(keys, size.columns)];
}

function table(views: readonly NodeView[], chosen: number, { columns }: Size): string[] {
  const heading = row(["NODE", "NAME", "VERSION", "UP", "CPU", "MEMORY", "NET IN", "NET OUT"]);
  return [
    bold(cut(heading, columns)),
    ...views.map((view, nth) => {
      const text = cut(row(cells(view)), columns);
      if (view.failure !== undefined) return red(text);
      return nth === chosen ? inverse(text.padEnd(columns)) : text;
    }),
  ];
}

const widths = [18, 18, 10, 11, 7, 18, 12, 12];
const row = (cells: readonly string[]): string =>
  cells.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join(" ");

function cells(view: NodeView): string[] {
  const last = view.samples.at(-1);
  if (view.failure !== undefined) return [view.node, view.failure];
  if (!last) return [view.node, "…"];
  const links = ratesOf(view, "links");
  const sum = (which: "inPerS" | "outPerS") => links.reduce((all, rate) => all + rate[which], 0);
  return [
    ...[view.node, last.hostname, last.version.replace(/\+.*/, ""), upTime(last)],
    ...[percent(cpuHistory(view).at(-1) ?? 0), ofTotal(last.memory)],
    ...[`${bytes(sum("inPerS"))}/s`, `${bytes(sum("outPerS"))}/s`],
  ];
}

function details(view: NodeView, { columns }: Size): string[] {
  const last = view.samples.at(-1);
  if (!last) return [bold(view.node)];
  const history = cpuHistory(view);
  const busy = history.at(-1) ?? 0;
  const used = last.memory.total > 0 ? last.memory.used / last.memory.total : 0;
  const ill = last.services.filter(({ isWell }) => !isWell).map(({ id, state }) => `${id} ${state}`);
  const well = last.services.filter(({ isWell }) => isWell).map(({ id }) => id);
  const lines = [
    `CPU      ${bar(busy)} ${percent(busy)} of ${last.cpus}   load ${last.load.map((it) => it.toFixed(2)).join(" ")}`,
    `         ${sparkline(history.slice(-(columns - 9)))}`,
    `MEMORY   ${bar(used)} ${ofTotal(last.memory)}`,
    `NETWORK  ${ratesText(ratesOf(view, "links"), "in", "out")}`,
    `DISKS    ${ratesText(ratesOf(view, "disks"), "read", "written")}`,
    `SERVICES ${[...ill.map((it) => it.toUpperCase()), ...well].join(", ")}`,
  ].map((line) => cut(line, columns));
  return [bold(cut(`${last.hostname} (${view.node})`, columns)), ...lines];
}

const ratesText = (rates: readonly Rate[], into: string, out: string) =>
  rates
    .map(({ name, inPerS, outPerS }) => `${name} ${into} ${bytes(inPerS)}/s ${out} ${bytes(outPerS)}/s`)
    .join("   ");

const barWidth = 20;
const bar = (share: number): string => {
  const full = Math.round(Math.min(1, share) * barWidth);
  return `[${"█".repeat(full)}${"·".repeat(barWidth - full)}]`;
};

const steps = "▁▂▃▄▅▆▇█";
const sparkline = (shares: readonly number[]): string =>
  shares.map((share) => steps[Math.min(steps.length - 1, Math.floor(share * steps.length))]).join("");

const percent = (share: number) => `${(share * 100).toFixed(1)}%`;
const ofTotal = ({ used, total }: Sample["memory"]) => `${bytes(used)} of ${bytes(total)}`;

function bytes(count: number): string {
  const at = count < 1 ? 0 : Math.min(4, Math.floor(Math.log2(count) / 10));
  return `${(count / 1024 ** at).toFixed(at === 0 ? 0 : 1)} ${["B", "KiB", "MiB", "GiB", "TiB"][at]}`;
}

function upTime({ atMs, bootedAtMs }: Sample): string {
  const minutes = Math.max(0, Math.floor((atMs - bootedAtMs) / 60_000));
  const [days, hours] = [Math.floor(minutes / 1440), Math.floor((minutes % 1440) / 60)];
  return days > 0 ? `${days}d${hours}h` : `${hours}h${minutes % 60}m`;
}

/** A terminal that breaks a line breaks the screen. Nothing that a node logs may steer the terminal. */
const cut = (text: string, columns: number): string =>
  Array.from(text.replaceAll(/\p{Cc}/gu, " "))
    .slice(0, columns)
    .join("");
