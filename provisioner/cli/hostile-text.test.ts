// A machine's firmware says of itself what it likes. Nothing of it may move the cursor or turn text around.
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { ingot, metadata, page } from "./run-ingot.conformance.ts";

const serial = "S1\u001b[2J\u009b31m\u202egnp.exe\u2028\u200f\u0000\r\n<script>alert(1)</script> \u2066";
// oxlint-disable-next-line no-control-regex -- that there is none is what is tested
const moving = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/u;

const machine = page({
  kind: "Machine",
  metadata: metadata("m1", {}),
  spec: {
    name: serial,
    identity: { serial, macs: [] },
    admission: { is: "byRule" },
    power: "automatic",
    boot: {},
  },
});
const statuses = page({
  kind: "MachineStatus",
  metadata: metadata("m1"),
  spec: { stage: "failed", since: "2026-01-01T20:58:00Z", why: serial },
});
const story = {
  id: "m1",
  name: serial,
  identity: { serial, macs: [] },
  stage: "failed",
  why: serial,
  nextBoot: { mode: "agent", why: serial },
  power: { is: "on", wanted: "on", why: serial },
  hardware: {
    manufacturer: serial,
    product: serial,
    cores: 1,
    memoryBytes: 1,
    disks: [{ device: "/dev/sda", model: serial, sizeBytes: 1 }],
    networkInterfaces: [],
  },
  conflict: [serial],
  actions: [],
  events: [{ at: "2026-01-01T23:00:00Z", what: serial, count: 1, severity: "info" }],
};

const segment = { kind: "Segment", metadata: metadata("s"), spec: { version: serial } };
const changed = {
  body: `id: 1\nevent: created\ndata: ${JSON.stringify(segment)}\n\nid: 2\nevent: bootstrapped\ndata: {}\n\n`,
};

describe("what moves the cursor", () => {
  test.each([
    ["machines", [machine, statuses]],
    ["machines -o wide", [machine, statuses]],
    ["machines -o json", [machine, statuses]],
    ["machines -o yaml", [machine, statuses]],
    ["machines show m1", [{ body: story }]],
    ["machines show m1 -o json", [{ body: story }]],
    ["machines show m1 -o yaml", [{ body: story }]],
    ["machines logs m1", [{ body: `a ${serial}` }]],
    ["machines export", [machine]],
    ["profiles show p", [{ body: { kind: "Profile", metadata: metadata("p"), spec: { a: serial } } }]],
    ["inventories -o yaml", [machine]],
    ["segments watch -o json", [changed]],
    ["segments watch -o yaml", [changed]],
    ["segments watch", [changed]],
  ])("is not in the answer of `ingot %s`", async (words, answers) => {
    const { output } = await ingot(words, answers);
    expect(output).not.toBe("");
    expect(output).not.toMatch(moving);
  });

  test("is not in the reason of a refusal", async () => {
    const { noted } = await ingot("machines accept m1", [
      { status: 409, body: { detail: `it is ${serial}` } },
    ]);
    expect(noted).toContain("it is S1");
    expect(noted).not.toMatch(moving);
  });

  test("is spelt out in documents, so that programs lose nothing", async () => {
    const asJson = (await ingot("machines -o json", [machine, statuses])).output;
    expect(JSON.parse(asJson)[0].spec.identity.serial).toBe(serial);
    const asYaml = (await ingot("machines -o yaml", [machine, statuses])).output;
    expect(parse(asYaml)[0].spec.identity.serial).toBe(serial);
  });
});
