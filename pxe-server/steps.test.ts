import { expect, test } from "vitest";
import type { Progress } from "./booter.ts";
import { StepCounters, stepLine, stepSentence } from "./steps.ts";

const report = (progress: Progress) => ({
  bootId: "b1",
  mac: "52:54:00:00:00:01",
  atMs: Date.UTC(2026, 10, 21, 9, 8, 7, 65),
  progress,
});
const transfer = { over: "tftp", file: "snponly.efi", sentBytes: 5, totalBytes: 9 } as const;

test.each<[Progress, string]>([
  [{ step: "asked", protocol: "dhcp", firmware: "uefi-x64" }, "uefi-x64 asks for an address and a boot"],
  [{ step: "asked", protocol: "bootserver", firmware: "bios" }, "bios asks the boot server"],
  [{ step: "offered", file: "snponly.efi", tactic: "offer" }, "is offered snponly.efi (offer)"],
  [{ step: "offered", file: "", tactic: "boot server" }, "is offered a boot server (boot server)"],
  [{ step: "ignored", why: "no rule matches" }, "is ignored: no rule matches"],
  [{ step: "leased", address: "192.0.2.7" }, "has 192.0.2.7"],
  [{ step: "downloading", ...transfer }, "loads snponly.efi by tftp, 5 of 9 bytes"],
  [{ step: "downloaded", ...transfer }, "has loaded snponly.efi by tftp, 9 bytes"],
  [{ step: "scripted", plan: "kernel", why: "rule lab" }, "is told: kernel (rule lab)"],
  [
    { step: "failed", over: "http", file: "vmlinuz", why: "the client went away" },
    "did not load vmlinuz by http: the client went away",
  ],
])("%j reads %j", (progress, sentence) => {
  expect(stepSentence(report(progress))).toBe(`09:08:07.065 b1 52:54:00:00:00:01 ${sentence}`);
});

test("a sentence has nothing in it that a terminal would obey", () => {
  expect(stepSentence(report({ step: "ignored", why: "a\u001b[2Jb\nc" }))).toMatch(
    / is ignored: a\?\[2Jb\?c$/,
  );
});

test("a step is one line of JSON, whatever its text", () => {
  const line = stepLine(report({ step: "ignored", why: 'a "quote"\nand a line\u009b2J\u202e🦊' }));
  expect(line).toMatch(/^[ -~]*$/);
  expect(JSON.parse(line)).toEqual({
    time: "2026-11-21T09:08:07.065Z",
    boot: "b1",
    mac: "52:54:00:00:00:01",
    step: "ignored",
    why: 'a "quote"\nand a line\u009b2J\u202e🦊',
  });
});

test("metrics are what Prometheus reads: each told once what it is, then its values", () => {
  const counters = new StepCounters();
  counters.count(report({ step: "downloaded", ...transfer }));
  counters.count(report({ step: "downloaded", ...transfer }));
  counters.count(report({ step: "leased", address: "192.0.2.7" }));
  expect(counters.text({ dhcp_received_total: 3, boots: 1 })).toBe(
    [
      "# HELP ingot_pxe_steps_total Steps of boots, by what happened.",
      "# TYPE ingot_pxe_steps_total counter",
      'ingot_pxe_steps_total{step="downloaded",over="tftp"} 2',
      'ingot_pxe_steps_total{step="leased"} 1',
      "# HELP ingot_pxe_downloaded_bytes_total Bytes of files that machines have whole.",
      "# TYPE ingot_pxe_downloaded_bytes_total counter",
      `ingot_pxe_downloaded_bytes_total{over="tftp"} ${2 * transfer.totalBytes}`,
      "# HELP ingot_pxe_dhcp_received_total Datagrams on ports 67 and 4011.",
      "# TYPE ingot_pxe_dhcp_received_total counter",
      "ingot_pxe_dhcp_received_total 3",
      "# HELP ingot_pxe_boots Boots that are remembered.",
      "# TYPE ingot_pxe_boots gauge",
      "ingot_pxe_boots 1",
      "",
    ].join("\n"),
  );
});
