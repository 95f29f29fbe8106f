import { describe, expect, test } from "vitest";
import { readRegistrations } from "../registration/read-registrations.ts";
import { exitCodes } from "./exit-codes.ts";
import { ingot, metadata, page } from "./run-ingot.conformance.ts";

const done = { body: { id: "m1" } };

describe("an answer becomes what is printed", () => {
  const machines = page({
    kind: "Machine",
    metadata: metadata("m1", { rack: "r1" }),
    spec: { name: "node-1", power: "automatic" },
  });
  const statuses = page({
    kind: "MachineStatus",
    metadata: metadata("m1"),
    spec: { stage: "wiping", since: "2026-01-01T20:58:00Z", why: "its disks are to be \u001b[31mwiped" },
  });

  test("a table, without what would move the cursor", async () => {
    const { output } = await ingot("machines", [machines, statuses]);
    expect(output).toBe(
      "ID  NAME    STAGE   FOR   WHY\nm1  node-1  wiping  3h2m  its disks are to be  [31mwiped",
    );
  });

  test("one that fits the terminal", async () => {
    const { output } = await ingot("machines", [machines, statuses], { width: 40 });
    expect(output.split("\n").every((line) => line.length <= 40)).toBe(true);
    expect(output).toContain("…");
  });

  test("a wide one, JSON and YAML", async () => {
    expect((await ingot("machines -o wide", [machines, statuses])).output).toContain("rack=r1");
    const { output } = await ingot("machines -o json", [machines, statuses]);
    expect(JSON.parse(output)[0]).toMatchObject({ metadata: { id: "m1" }, status: { stage: "wiping" } });
    expect((await ingot("-o yaml machines", [machines, statuses])).output).toContain("stage: wiping");
  });

  test("a story", async () => {
    const story = {
      id: "m1",
      name: "node-1",
      identity: { macs: [] },
      stage: "wiping",
      why: "its disks are to be wiped",
      since: "2026-01-01T23:00:00Z",
      waitsFor: "its agent to wipe its disks",
      next: "pool",
      deadline: "2026-01-02T23:00:00Z",
      retries: 1,
      nextBoot: { mode: "agent", why: "never wiped" },
      power: { is: "on", wanted: "on", why: "there is something to do" },
      wipe: {
        ...{ state: "failed", wipeId: 2, wipedAt: 1, why: "1 of 2 disks: serial-S1: EIO" },
        unerased: [{ disk: "serial-S1", device: "/dev/sdb", failure: "EIO" }],
      },
      hardware: {
        ...{
          manufacturer: "M",
          product: "P",
          serial: "S",
          cores: 4,
          memoryBytes: 2e9,
          networkInterfaces: [],
        },
        disks: [{ device: "/dev/sdb", model: "", serial: "S1", sizeBytes: 8e9 }],
        gaps: ["what is on /dev/sdb: EIO"],
      },
      actions: ["cordon"],
      events: [
        { at: "2026-01-01T23:00:00Z", what: "wiping: its disks are to be wiped", count: 1, severity: "info" },
      ],
    };
    const { output, sent } = await ingot("machines show m1", [{ body: story }]);
    expect(sent).toBe("GET /api/v1/machines/m1/story");
    expect(output).toBe(
      [
        "node-1: wiping, for 1h",
        "  why       its disks are to be wiped",
        "  waits for its agent to wipe its disks",
        "  then      pool",
        "  deadline  in 23h, after 1 retry",
        "  next boot agent: never wiped",
        "  power     on; shall be on: there is something to do",
        "  wipe      failed, number 2; wiped up to 1: 1 of 2 disks: serial-S1: EIO",
        "  bad disk  /dev/sdb, serial-S1: EIO",
        "  hardware  M P, 4 cores, 2 GB",
        "  disk      /dev/sdb S1 8 GB",
        "  gap       what is on /dev/sdb: EIO",
        "  you can   cordon",
        "  event     1h ago: wiping: its disks are to be wiped",
      ].join("\n"),
    );
  });

  test("logs, without what would move the cursor", async () => {
    expect((await ingot("machines logs m1 -n 5", [{ body: "a\nb\u0007c\n" }])).output).toBe("a\nb c");
  });

  const segment = (id: string, version: string) => ({
    kind: "Segment",
    metadata: metadata(id),
    spec: { version },
  });
  const stream = (...events: readonly (readonly [type: string, data: object])[]) => ({
    body: events
      .map(([type, data]) => `id: 1\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`)
      .join(": \n\n"),
  });
  const changes = stream(
    ["created", segment("rack-1", "1")],
    ["bootstrapped", {}],
    ["updated", segment("rack-1", "2")],
    ["destroyed", segment("rack-1", "2")],
  );

  test("a table, and changes as they happen; a stream that ends is no success", async () => {
    const { output, code, noted } = await ingot("segments watch", [changes]);
    expect(output).toBe("ID      VERSION  STARTED  SEEN\nrack-1  1\nrack-1  2\nrack-1 is gone");
    expect(code).toBe(exitCodes.unreachable[0]);
    expect(noted).toBe("the provisioner ended the stream");
  });

  test("changes as documents, for programs", async () => {
    const { output } = await ingot("segments -o json --watch", [changes]);
    expect(output.split("\n").map((line) => JSON.parse(line).type)).toEqual([
      "created",
      "updated",
      "destroyed",
    ]);
  });

  test("machines with their stages, as they change", async () => {
    const status = (stage: string) => ({
      kind: "MachineStatus",
      metadata: metadata("m1"),
      spec: { stage, since: "2026-01-01T23:00:00Z", why: "because" },
    });
    const machine = { kind: "Machine", metadata: metadata("m1"), spec: { name: "node-1", power: "on" } };
    const { output } = await ingot("machines --watch", [
      { ...stream(["created", machine], ["bootstrapped", {}]), stays: true },
      stream(["created", status("wiping")], ["bootstrapped", {}], ["updated", status("pool")]),
    ]);
    expect(output.split("\n").map((line) => line.split(/ +/).slice(0, 3).join(" "))).toEqual([
      "ID NAME STAGE",
      "m1 node-1 wiping",
      "m1 node-1 pool",
    ]);
  });

  test.each([
    ["pool", exitCodes.done[0]],
    ["failed", exitCodes.missed[0]],
  ])("what happens until a machine is at rest, and whether that was meant: %s", async (last, code) => {
    const at = (stage: string, resting: boolean) => ({ body: { id: "m1", stage, why: "because", resting } });
    const touched = ["updated", { kind: "MachineStatus", metadata: metadata("m1"), spec: {} }] as const;
    const ran = await ingot("machines wipe m1 --yes --wait", [
      { body: { items: [], bookmark: "b7" } },
      done,
      at("wiping", false),
      stream(touched, touched),
      at("wiping", false),
      at(last, true),
    ]);
    expect(ran.code).toBe(code);
    expect(ran.requests.map(({ path }) => path)).toContain("/api/v1/machine-statuses?after=b7");
    expect(ran.noted).toContain(`m1: wipe is asked for\nm1: wiping: because\nm1: ${last}: because`);
  });

  test("colours on a terminal alone", async () => {
    const failed = page({
      kind: "MachineStatus",
      metadata: metadata("m1"),
      spec: { stage: "failed", since: "2026-01-01T20:58:00Z", why: "" },
    });
    const { output } = await ingot("machines", [machines, failed], { colours: true });
    expect(output).toContain("\u001b[31mfailed\u001b[0m");
    expect((await ingot("machines", [machines, failed])).output).not.toContain("\u001b");
  });

  test("a console, on the terminal", async () => {
    expect((await ingot("machines console m1 --take-over")).joined).toEqual([
      "/api/v1/machines/m1/console?takeOver=true",
    ]);
  });

  test("files, for a pxe-server", async () => {
    const body = { authority: "A", certificate: "C", key: "K" };
    const { made, output } = await ingot("segments enrol rack-1 f", [{ body }]);
    expect(made).toEqual({ "f/ca.pem": "A", "f/certificate.pem": "C", "f/key.pem": "K" });
    expect(output).toBe("");
  });

  test("what can be imported again", async () => {
    const spec = {
      identity: { macs: ["52:54:00:00:00:01"], serial: "S1" },
      boot: {},
      admission: { is: "accepted", by: "x" },
    };
    const { output } = await ingot("machines export", [
      page({ kind: "Machine", metadata: metadata("m1", { rack: "r1" }), spec }),
    ]);
    expect(readRegistrations(output, "yaml")).toEqual({
      machines: [
        {
          line: 1,
          machine: { serial: "S1", macs: ["52:54:00:00:00:01"], labels: { rack: "r1" }, accept: true },
        },
      ],
      problems: [],
    });
  });
});

describe("the exit code", () => {
  test.each<[string, number, string, number]>([
    ["of what is not there", 404, "machines show m1", exitCodes.notFound[0]],
    ["of a bad token", 401, "machines", exitCodes.forbidden[0]],
    ["of what the role may not", 403, "machines accept m1", exitCodes.forbidden[0]],
    ["of a verb that is not legal now", 409, "machines accept m1", exitCodes.conflict[0]],
    ["of wrong fields", 422, "machines assign m1 --profile x", exitCodes.invalid[0]],
    ["of a failure", 500, "machines", exitCodes.failed[0]],
  ])("%s tells it, with the reason", async (_, status, words, code) => {
    const ran = await ingot(words, [{ status, body: { detail: "because" } }]);
    expect(ran).toMatchObject({ code, noted: "because", output: "" });
  });

  test.each([
    "nonsense",
    "machines frobnicate",
    "machines power up m1",
    "machines reject m1",
    "machines wipe m1",
  ])("of `ingot %s` is that of a wrong command line, and nothing is sent", async (words) => {
    expect(await ingot(words)).toMatchObject({ code: exitCodes.usage[0], requests: [] });
  });
});

test("every command explains itself", async () => {
  const { output, code } = await ingot("--help");
  expect(code).toBe(0);
  expect(output).toContain("Exit codes:");
  for (const words of ["machines --help", "machines wipe --help", "tokens create --help"]) {
    expect(await ingot(words)).toMatchObject({ code: 0, requests: [] });
  }
});
