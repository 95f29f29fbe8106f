import { describe, expect, test } from "vitest";
import { parseClientConfig } from "../../machine-config/client-config.ts";
import { catalog } from "../api/catalog.ts";
import { exitCodes } from "./exit-codes.ts";
import { programs } from "./program.ts";
import { ingot, metadata, page, verbOf, verbs } from "./run-ingot.conformance.ts";

const list = (kind: string) => `GET /api/v1/${kind}?limit=1000`;
const action = (verb: string) => `POST /api/v1/machines/m1/actions/${verb}`;
const kinds = catalog
  .map(({ path }) => path)
  .filter((path) => verbs().includes(`${path} show`) && path !== "machines");
const written = ["profiles", "rules", "bmcs"];

/** By the command line: the first request, and its body. */
const table: Readonly<Record<string, readonly [sent: string, body?: unknown]>> = {
  machines: [list("machines")],
  "machines list": [list("machines")],
  "m list -l rack=r1": ["GET /api/v1/machines?selector=rack=r1&limit=1000"],
  "machines list -w": ["GET /api/v1/machines"],
  "machines watch -l rack=r1": ["GET /api/v1/machines?selector=rack=r1"],
  "machines show m1": ["GET /api/v1/machines/m1/story"],
  "machines accept m1": [action("accept"), {}],
  "machines accept m1 --wait": ["GET /api/v1/machine-statuses?limit=1"],
  "machines reject m1 --why broken": [action("reject"), { why: "broken" }],
  "machines cordon m1 --why disk": [action("cordon"), { why: "disk" }],
  "machines uncordon m1": [action("uncordon"), {}],
  "machines assign m1 --profile talos": [action("assign"), { profile: "talos" }],
  "machines adopt m1 --profile talos": [action("adopt"), { profile: "talos" }],
  "machines adopt m1 --profile talos --addresses 192.0.2.7 2001:db8::7": [
    action("adopt"),
    { profile: "talos", addresses: ["192.0.2.7", "2001:db8::7"] },
  ],
  "machines release m1 --yes": [action("release"), {}],
  "machines wipe m1 --yes": [action("wipe"), {}],
  "machines upgrade m1 --image http://a/image": [action("upgrade"), { image: "http://a/image" }],
  "machines reinstall m1 --yes": [action("reinstall"), {}],
  "machines confirm-installed m1": [action("confirmInstalled"), {}],
  "machines retry m1": [action("retry"), {}],
  "machines resolve m1": [action("resolve"), {}],
  "machines remove m1": [action("remove"), {}],
  "machines power on m1": [action("powerOn"), {}],
  "machines power off m1": [action("powerOff"), {}],
  "machines power automatic m1": [action("powerAutomatic"), {}],
  "machines power cycle m1": [action("powerCycle"), {}],
  "machines identify m1 --seconds 5": [action("identify"), { seconds: 5 }],
  "machines label m1 rack=r1 old-": ["PATCH /api/v1/machines/m1", { labels: { rack: "r1", old: null } }],
  "machines logs m1 -n 5": ["GET /api/v1/machines/m1/logs?lines=5"],
  "machines import rack.csv": ["POST /api/v1/machines/import", { format: "csv", text: "", dryRun: false }],
  "machines talosconfig m1 m2 --role operator --hours 2": [
    "POST /api/v1/machines/talosconfig",
    { machines: ["m1", "m2"], role: "operator", hours: 2 },
  ],
  "machines export": [list("machines")],
  "tokens create ci --role operator --days 7 --scope tenant=a": [
    "POST /api/v1/tokens",
    { name: "ci", role: "operator", expiresInDays: 7, scope: { tenant: "a" } },
  ],
  "segments enrol rack-1 folder": ["POST /api/v1/segments/rack-1/enrol", {}],
  "tokens revoke t1": ["DELETE /api/v1/tokens/t1"],
  ready: ["GET /readyz"],
  ...Object.fromEntries(
    kinds.flatMap((kind) => [
      [kind, [list(kind)]],
      [`${kind} list -l a=b`, [`GET /api/v1/${kind}?selector=a=b&limit=1000`]],
      [`${kind} show x`, [`GET /api/v1/${kind}/x`]],
      [`${kind} watch`, [`GET /api/v1/${kind}`]],
    ]),
  ),
  ...Object.fromEntries(
    written.flatMap((kind) => [
      [`${kind} put x file.yaml`, [`PUT /api/v1/${kind}/x`, { spec: { a: 1 }, labels: { b: "c" } }]],
      [`${kind} delete x`, [`DELETE /api/v1/${kind}/x`]],
    ]),
  ),
};

describe("a command line becomes a request", () => {
  test.each(Object.entries(table))("ingot %s", async (words, [sent, body]) => {
    const files = { talosconfig: "", "file.yaml": "spec:\n  a: 1\nlabels:\n  b: c\n", "rack.csv": "" };
    const answer = { metadata: metadata("x"), items: [], machines: [], talosconfig: "contexts: {}" };
    const ran = await ingot(words, [{ body: answer }], { files });
    expect(ran).toMatchObject({ sent });
    expect(ran.body).toEqual(body);
  });

  test("of every verb that there is", () => {
    const tested = new Set(Object.keys(table).map((words) => verbOf(words.split(" "))));
    const local = new Set([
      "machines console",

      "serve",
      "backup",
      "restore",
      "completion",
      "reference",
      ...Object.keys(programs),
    ]);
    expect(verbs().filter((verb) => !tested.has(verb) && !local.has(verb))).toEqual([]);
  });

  test("ingot machines label m1 rack=r1 old-", async () => {
    const ran = await ingot("machines label m1 rack=r1 old-", [
      { body: { metadata: metadata("m1", { rack: "r1" }) } },
    ]);
    expect(ran).toMatchObject({ code: 0, sent: "PATCH /api/v1/machines/m1", output: "rack=r1" });
  });

  test("ingot machines talosconfig writes a file, in which other clusters stay", async () => {
    const config = (name: string, ca: string) =>
      `context: ${name}\ncontexts: { ${name}: { endpoints: [192.0.2.1], nodes: [192.0.2.2], ca: ${ca} } }\n`;
    const ran = await ingot(
      "machines talosconfig --file t",
      [{ body: { talosconfig: config("one", "new") } }],
      {
        files: { t: config("two", "old") },
      },
    );
    expect(ran.noted).toContain("t: context one, nodes 192.0.2.2");
    expect(parseClientConfig(ran.made["t"]!)).toMatchObject({
      context: "one",
      contexts: { one: { ca: "new" }, two: { ca: "old" } },
    });
    expect(ran.output).toBe("");
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
