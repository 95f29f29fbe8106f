import { describe, expect, test } from "vitest";
import { cpuHistory, newView, ratesOf, withLog, withSample } from "./node-view.ts";
import type { Sample } from "./sample.ts";
import { screen } from "./screen.ts";

const mib = 1024 * 1024;
const first: Sample = {
  ...{ atMs: 3_720_000, hostname: "node-1", version: "v1.13.0+ingot.0.1.0", bootedAtMs: 0, cpus: 2 },
  cpu: { busy: 100, total: 1000 },
  load: [0.5, 0.25, 0.125],
  memory: { total: 1024 * mib, used: 256 * mib },
  links: [{ name: "eth0", in: 0, out: 1000 }],
  disks: [{ name: "nvme0n1", in: 0, out: 0 }],
  services: [
    { id: "apid", state: "Running", isWell: true },
    { id: "etcd", state: "Failed", isWell: false },
  ],
};
const second: Sample = {
  ...first,
  atMs: first.atMs + 2_000,
  cpu: { busy: 101, total: 1004 },
  links: [
    { name: "eth0", in: 4096, out: 500 },
    { name: "eth1", in: 7, out: 7 },
  ],
  disks: [{ name: "nvme0n1", in: 0, out: 2 * mib }],
};
const view = withSample(withSample(newView("10.0.0.1"), first), second);
// oxlint-disable-next-line no-control-regex
const plain = (line: string) => line.replaceAll(/\u001B\[\d*m/g, "").trimEnd();
const shown = (size = { columns: 120, rows: 20 }, back = 0, views = [view]) =>
  screen(views, 0, back, size).map(plain);

describe("between two samples", () => {
  test("the processors were as busy as they were", () => expect(cpuHistory(view)).toEqual([0.25]));
  test("counters have rates; one that began anew, or is new, has none", () =>
    expect(ratesOf(view, "links")).toEqual([
      { name: "eth0", inPerS: 2048, outPerS: 0 },
      { name: "eth1", inPerS: 0, outPerS: 0 },
    ]));
});

test("shows every node in a line, and the chosen one in full", () => {
  const lines = shown();
  expect(lines[1]).toBe(
    "10.0.0.1           node-1             v1.13.0    1h2m        25.0%   256.0 MiB of 1.0 GiB 2.0 KiB/s    0 B/s",
  );
  expect(lines).toContain("CPU      [█████···············] 25.0% of 2   load 0.50 0.25 0.13");
  expect(lines).toContain("DISKS    nvme0n1 read 0 B/s written 1.0 MiB/s");
  expect(lines).toContain("SERVICES ETCD FAILED, apid");
});

test("a node that does not answer says why, and keeps its place", () => {
  const away = { ...newView("10.0.0.2"), failure: "it is away" };
  expect(shown(undefined, 0, [view, away])[2]).toBe("10.0.0.2           it is away");
});

test("the log takes what room is left, its last lines first of all", () => {
  const talking = withLog(view, Array.from({ length: 30 }, (_, nth) => `line ${nth}\n`).join(""));
  const room = (back: number) => shown(undefined, back, [talking]).filter((line) => line.startsWith("line"));
  expect(room(0)).toHaveLength(8);
  expect(room(0).at(-1)).toBe("line 29");
  expect(room(3).at(-1)).toBe("line 26");
  expect(room(30)).toEqual([]);
});

test.each([
  { columns: 40, rows: 12 },
  { columns: 200, rows: 60 },
])("fills a terminal of $columns columns and $rows rows, and nothing beyond", (size) => {
  const lines = screen([withLog(view, `${"x".repeat(500)}\n`)], 0, 0, size);
  expect(lines).toHaveLength(size.rows);
  for (const line of lines) expect(plain(line).length).toBeLessThanOrEqual(size.columns);
});

test("what a node logs cannot steer the terminal", () => {
  const lines = screen([withLog(view, "a\u001B[2Jb\r\n")], 0, 0, { columns: 80, rows: 30 });
  expect(lines).toContain("a [2Jb ");
});
