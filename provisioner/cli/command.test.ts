import { describe, expect, test } from "vitest";
import { readRegistrations } from "../registration/read-registrations.ts";
import type { HttpRequest } from "./api-client.ts";
import { exitCodes } from "./exit-codes.ts";
import { ingotCommand } from "./program.ts";
import { runCommand } from "./run-command.ts";

interface Answer {
  readonly status?: number;
  readonly body?: unknown;
}

const now = new Date("2026-01-02T00:00:00Z");
const metadata = (id: string, labels = {}) => ({
  id,
  version: "7",
  labels,
  created: "2026-01-01T00:00:00Z",
  updated: "2026-01-01T00:00:00Z",
});
const page = (...items: unknown[]) => ({ body: { items } });

/** Runs a command line against answers that are given in turn; the last one is given again. */
async function ingot(
  words: string,
  answers: readonly Answer[] = [page()],
  { files = {}, width }: { files?: Readonly<Record<string, string>>; width?: number } = {},
) {
  const requests: HttpRequest[] = [];
  const printed: string[] = [];
  const noted: string[] = [];
  const root = ingotCommand(
    {
      print: (text) => printed.push(text),
      note: (text) => noted.push(text),
      width,
      readFile: async (path) => files[path]!,
      now: () => now,
      send: () => async (request) => {
        const { status = 200, body } = answers[Math.min(requests.push(request), answers.length) - 1]!;
        const text = typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
        return {
          status,
          text: async () => text,
          lines: async function* () {
            yield* text.split("\n");
          },
        };
      },
    },
    { description: "", version: "0.0.0" },
  );
  const quiet = (command: typeof root) => {
    command.configureOutput({ writeErr: () => {}, writeOut: (text) => printed.push(text) });
    for (const one of command.commands) quiet(one);
  };
  quiet(root);
  const code = await runCommand(root, words.split(" "), (text) => noted.push(text));
  const [request] = requests;
  const sent = request && `${request.method} ${decodeURIComponent(request.path)}`;
  return {
    code,
    requests,
    sent,
    body: request?.body === undefined ? undefined : JSON.parse(request.body),
    output: printed.join("\n"),
    noted: noted.join("\n"),
  };
}

const done = { body: { id: "m1" } };
const actions = (verb: string) => `POST /api/v1/machines/m1/actions/${verb}`;

describe("a command line becomes a request", () => {
  test.each<[string, string, unknown?]>([
    ["machines", "GET /api/v1/machines?limit=1000"],
    ["machines list -l rack=r1", "GET /api/v1/machines?selector=rack=r1&limit=1000"],
    ["m list", "GET /api/v1/machines?limit=1000"],
    ["machines accept m1", actions("accept"), {}],
    ["machines reject m1 --why broken", actions("reject"), { why: "broken" }],
    ["machines cordon m1 --why disk", actions("cordon"), { why: "disk" }],
    ["machines uncordon m1", actions("uncordon"), {}],
    ["machines assign m1 --profile talos", actions("assign"), { profile: "talos" }],
    ["machines adopt m1 --profile talos", actions("adopt"), { profile: "talos" }],
    ["machines release m1 --yes", actions("release"), {}],
    ["machines wipe m1 --yes", actions("wipe"), {}],
    ["machines reinstall m1 --yes", actions("reinstall"), {}],
    ["machines confirm-installed m1", actions("confirmInstalled"), {}],
    ["machines retry m1", actions("retry"), {}],
    ["machines resolve m1", actions("resolve"), {}],
    ["machines remove m1", actions("remove"), {}],
    ["machines power on m1", actions("powerOn"), {}],
    ["machines power off m1", actions("powerOff"), {}],
    ["machines power automatic m1", actions("powerAutomatic"), {}],
    ["machines power cycle m1", actions("powerCycle"), {}],
    ["machines identify m1 --seconds 5", actions("identify"), { seconds: 5 }],
    ["profiles list", "GET /api/v1/profiles?limit=1000"],
    ["rules", "GET /api/v1/rules?limit=1000"],
    ["images", "GET /api/v1/images?limit=1000"],
    ["bmcs", "GET /api/v1/bmcs?limit=1000"],
    ["segments", "GET /api/v1/segments?limit=1000"],
    ["tasks", "GET /api/v1/tasks?limit=1000"],
    ["events -l machine=m1", "GET /api/v1/events?selector=machine=m1&limit=1000"],
    ["audit", "GET /api/v1/audit?limit=1000"],
    ["certificates", "GET /api/v1/certificates?limit=1000"],
    ["inventories show m1", "GET /api/v1/inventories/m1"],
    ["tokens", "GET /api/v1/tokens?limit=1000"],
    ["tokens revoke t1", "DELETE /api/v1/tokens/t1"],
    ["profiles delete p", "DELETE /api/v1/profiles/p"],
    ["profiles watch", "GET /api/v1/profiles"],
  ])("ingot %s", async (words, sent, body) => {
    const ran = await ingot(words, [words.includes("m1") && !words.includes("-l") ? done : page()]);
    expect(ran).toMatchObject({ code: 0, sent });
    expect(ran.body).toEqual(body);
  });

  test("ingot machines label m1 rack=r1 old-", async () => {
    const ran = await ingot("machines label m1 rack=r1 old-", [
      { body: { metadata: metadata("m1", { rack: "r1" }) } },
    ]);
    expect(ran).toMatchObject({ code: 0, sent: "PATCH /api/v1/machines/m1", output: "rack=r1" });
    expect(ran.body).toEqual({ labels: { rack: "r1", old: null } });
  });

  test("ingot tokens create ci --role operator --days 7 --scope tenant=a", async () => {
    const ran = await ingot("tokens create ci --role operator --days 7 --scope tenant=a", [
      { status: 201, body: { token: "ingot_x_y" } },
    ]);
    expect(ran).toMatchObject({ code: 0, sent: "POST /api/v1/tokens", output: "ingot_x_y" });
    expect(ran.body).toEqual({ name: "ci", role: "operator", expiresInDays: 7, scope: { tenant: "a" } });
  });

  test("ingot profiles put p file.yaml --if-version 7", async () => {
    const files = { "file.yaml": "spec:\n  a: 1\nlabels:\n  b: c\n" };
    const ran = await ingot(
      "profiles put p file.yaml --if-version 7",
      [{ body: { metadata: metadata("p") } }],
      { files },
    );
    expect(ran).toMatchObject({ code: 0, sent: "PUT /api/v1/profiles/p", output: "p is at version 7" });
    expect(ran.body).toEqual({ spec: { a: 1 }, labels: { b: "c" } });
    expect(ran.requests[0]!.headers).toMatchObject({ "if-match": '"7"' });
  });

  test("ingot machines import rack.csv --dry-run", async () => {
    const text = "macs\n52:54:00:00:00:01\n";
    const machines = [{ line: 2, id: "mac-525400000001", do: "create" }];
    const ran = await ingot("machines import rack.csv --dry-run", [{ body: { machines } }], {
      files: { "rack.csv": text },
    });
    expect(ran).toMatchObject({ code: 0, sent: "POST /api/v1/machines/import" });
    expect(ran.body).toEqual({ format: "csv", text, dryRun: true });
    expect(ran.output).toBe("LINE  ID                DO\n2     mac-525400000001  create");
    expect(ran.noted).toBe("nothing is written; it would be: 1 new, 0 known before");
  });

  test("ingot machines import of a list with mistakes names each line", async () => {
    const body = { detail: "nothing is imported", issues: [{ field: "line 2: macs.0", message: "no MAC" }] };
    const ran = await ingot("machines import rack.yaml", [{ status: 422, body }], {
      files: { "rack.yaml": "" },
    });
    expect(ran.body).toMatchObject({ format: "yaml", dryRun: false });
    expect(ran).toMatchObject({
      code: exitCodes.invalid[0],
      noted: "nothing is imported\n  line 2: macs.0: no MAC",
    });
  });

  test("all pages of a list are asked for", async () => {
    const item = (id: string) => ({ kind: "Segment", metadata: metadata(id), spec: { version: "1" } });
    const ran = await ingot("segments", [{ body: { items: [item("a")], continue: "x" } }, page(item("b"))]);
    expect(ran.requests.map(({ path }) => path)).toEqual([
      "/api/v1/segments?limit=1000",
      "/api/v1/segments?limit=1000&continue=x",
    ]);
    expect(ran.output).toMatch(/^ID.*\na .*\nb .*$/);
  });
});

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
        "  you can   cordon",
        "  event     1h ago: wiping: its disks are to be wiped",
      ].join("\n"),
    );
  });

  test("logs, and changes as they happen", async () => {
    expect((await ingot("machines logs m1 -n 5", [{ body: "a\nb\u0007c\n" }])).output).toBe("a\nb c");
    const body = `: \n\nid: 1\nevent: created\ndata: ${JSON.stringify({ kind: "Segment", metadata: metadata("a"), spec: { version: "1" } })}\n\nid: 1\nevent: bootstrapped\ndata: {}\n`;
    expect((await ingot("segments watch", [{ body }])).output).toMatch(/^created {4}a +1/);
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

test.each(["bash", "zsh", "fish"])("the words are completed in %s", async (shell) => {
  const { output } = await ingot(`completion ${shell}`);
  for (const word of ["machines", "accept", "tokens", "revoke"]) expect(output).toContain(word);
});
