import { Ajv2020 } from "ajv/dist/2020.js";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { Admission } from "../resources/admission.ts";
import { Assignment } from "../resources/assignment.ts";
import { AuditEntry } from "../resources/audit-entry.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { Machine } from "../resources/machine.ts";
import { MachineStatus } from "../resources/machine-status.ts";
import { stages } from "../resources/stages.ts";
import { Token } from "../resources/token.ts";
import { WipeStatus } from "../resources/wipe-status.ts";
import { openTestApi, type TestApi } from "./api-client.conformance.ts";

let api: TestApi;
let admin: string;
beforeEach(async () => {
  api = await openTestApi();
  admin = await api.token("admin");
});
afterEach(() => api[Symbol.asyncDispose]());

const mac = (number: number) => `52:54:00:00:00:${number.toString(16).padStart(2, "0")}`;

async function register(id: string, more: Readonly<Record<string, unknown>> = {}) {
  const number = Number(/\d+$/.exec(id)?.[0] ?? 1);
  const body = { id, identity: { macs: [mac(number)] }, ...more };
  const reply = await api.call("/api/v1/machines", { method: "POST", token: admin, body });
  expect(reply.status).toBe(201);
  return reply;
}

const act = (id: string, action: string, body: unknown = {}, token = admin) =>
  api.call(`/api/v1/machines/${id}/actions/${action}`, { method: "POST", token, body });

const profile = {
  boots: { what: "chain", url: "https://factory.example/pxe" },
  installDisk: {},
  installedBy: { evidence: "operator" },
};

describe("resources", () => {
  test("are put, got with their version, and changed only over the version that was seen", async () => {
    const path = "/api/v1/profiles/talos";
    const put = (headers = {}) =>
      api.call(path, { method: "PUT", token: admin, headers, body: { spec: profile } });
    const made = await put({ "if-none-match": "*" });
    expect(made.status).toBe(200);
    const got = await api.call(path, { token: admin });
    expect(got.headers.etag).toBe(made.headers.etag);
    expect(got.json.spec).toEqual(profile);
    expect((await put({ "if-none-match": "*" })).status).toBe(409);
    expect((await put({ "if-match": '"1"' })).status).toBe(412);
    expect((await put({ "if-match": got.headers.etag! })).status).toBe(200);
    expect((await api.call(path, { method: "DELETE", token: admin })).status).toBe(204);
    expect((await api.call(path, { token: admin })).status).toBe(404);
  });

  test("with wrong fields are refused, each field by its name", async () => {
    const body = { spec: { ...profile, boots: { what: "chain", url: "ftp://x" }, extra: 1 } };
    const { status, json } = await api.call("/api/v1/profiles/p", { method: "PUT", token: admin, body });
    expect(status).toBe(422);
    expect(json.issues.map(({ field }: { field: string }) => field).sort()).toEqual([
      "spec",
      "spec.boots.url",
    ]);
  });

  test("come and go as YAML, too", async () => {
    const body = "spec:\n  order: 1\n  verdict: accept\n  when: []\n";
    const headers = { "content-type": "application/yaml", accept: "application/yaml" };
    const { status, text } = await api.call("/api/v1/rules/all", {
      method: "PUT",
      token: admin,
      body,
      headers,
    });
    expect(status).toBe(200);
    expect(parse(text)).toMatchObject({ kind: "AcceptanceRule", spec: { order: 1, verdict: "accept" } });
  });

  test("are listed by pages that miss nothing, and by labels", async () => {
    for (let number = 1; number <= 5; number++) {
      await register(`m${number}`, { labels: { rack: number % 2 ? "odd" : "even" } });
    }
    const ids: string[] = [];
    let next: string | undefined = "";
    while (next !== undefined) {
      const from: string = next === "" ? "" : `&continue=${next}`;
      const { json } = await api.call(`/api/v1/machines?limit=2${from}`, { token: admin });
      ids.push(...json.items.map(({ metadata }: { metadata: { id: string } }) => metadata.id));
      next = json.continue;
    }
    expect(ids).toEqual(["m1", "m2", "m3", "m4", "m5"]);
    const odd = await api.call("/api/v1/machines?selector=rack%20notin%20(even)", { token: admin });
    expect(odd.json.items).toHaveLength(3);
    expect((await api.call("/api/v1/machines?selector=a%3D%3D%3D", { token: admin })).status).toBe(400);
  });

  test("never tell a secret, and keep it when what was shown is sent back", async () => {
    const spec = {
      address: "192.0.2.7",
      driver: "ipmi",
      user: "ingot",
      password: "correct horse",
      tls: { verify: "off" },
      origin: "given",
    };
    await register("m1");
    const path = "/api/v1/bmcs/m1";
    await api.call(path, { method: "PUT", token: admin, body: { spec } });
    const { text, json } = await api.call(path, { token: admin });
    expect(text).not.toContain("correct horse");
    const body = { spec: { ...json.spec, user: "root" } };
    expect((await api.call(path, { method: "PUT", token: admin, body })).status).toBe(200);
    expect((await api.state.get(BmcConfig, "m1")).spec).toMatchObject({
      user: "root",
      password: "correct horse",
    });
  });
});

describe("a watch", () => {
  test("tells what is there and every change; whoever comes back misses nothing", async () => {
    await register("m1");
    const headers = { accept: "text/event-stream" };
    const seen = async (from: Readonly<Record<string, string>>, until: string) => {
      const stream = await api.open("/api/v1/machines", { token: admin, headers: { ...headers, ...from } });
      expect(stream.headers["content-type"]).toBe("text/event-stream");
      let text = "";
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        text += chunk.toString();
        if (text.includes(until)) break;
      }
      stream.destroy();
      return text;
    };
    const first = await seen({}, "event: bootstrapped");
    expect(first).toMatch(/event: created\ndata: .*"id":"m1"/);
    const [, bookmark] = /id: (.*)\nevent: bootstrapped/.exec(first)!;
    await register("m2");
    const later = await seen({ "last-event-id": bookmark! }, '"id":"m2"');
    expect(later).not.toContain('"id":"m1"');
  });
});

describe("a machine", () => {
  test("is accepted, and the story says so, and what one can do", async () => {
    await register("m1", { name: "node-1" });
    expect((await act("m1", "accept")).status).toBe(202);
    expect((await api.state.get(Machine, "m1")).spec.admission).toEqual({ is: "accepted", by: "admin" });
    await api.state.as("Admission").create(Admission, "m1", {
      spec: { state: "accepted", by: "admin", why: "told", at: new Date() },
    });
    const { json } = await api.call("/api/v1/machines/m1/story", { token: admin });
    expect(json).toMatchObject({
      name: "node-1",
      stage: "inspecting",
      waitsFor: "its agent to tell what is in it",
      next: "wiping",
      nextBoot: { mode: "agent" },
    });
    expect(json.actions).toContain("cordon");
    expect(json.actions).not.toContain("assign");
  });

  test("whose wipe failed names the disk, and what it said", async () => {
    await register("m1");
    const at = new Date();
    const attempt = { wipeId: 1, attempt: 1, orderId: "o", startedAt: at };
    const failed = {
      state: "failed" as const,
      ...attempt,
      endedAt: at,
      why: "1 of 2 disks: serial-BAD: EIO",
    };
    const disks = [{ disk: "serial-GOOD" }, { disk: "serial-BAD", failure: "EIO" }];
    await api.state.as("Wipe").create(WipeStatus, "m1", { spec: { wipedAt: 0, run: { ...failed, disks } } });
    const { json } = await api.call("/api/v1/machines/m1/story", { token: admin });
    expect(json.wipe).toEqual({
      ...{ state: "failed", wipeId: 1, wipedAt: 0, why: "1 of 2 disks: serial-BAD: EIO" },
      unerased: [{ disk: "serial-BAD", failure: "EIO" }],
    });
  });

  test("that cannot be assigned now says why, and nothing is written", async () => {
    await register("m1");
    await api.call("/api/v1/profiles/p", { method: "PUT", token: admin, body: { spec: profile } });
    const { status, json } = await act("m1", "assign", { profile: "p" });
    expect(status).toBe(409);
    expect(json.detail).toBe("cannot assign: it is not accepted: nobody has accepted it yet");
    expect(await api.state.find(Assignment, "m1")).toBeUndefined();
  });

  test("is adopted with what is on its disks, accepted by that, and its wipe waived", async () => {
    await register("m1");
    await api.call("/api/v1/profiles/p", { method: "PUT", token: admin, body: { spec: profile } });
    const addresses = ["192.0.2.7"];
    expect((await act("m1", "adopt", { profile: "p", addresses })).status).toBe(202);
    const { spec } = await api.state.get(Assignment, "m1");
    expect(spec).toEqual({ profile: "p", how: "adopt", wipeId: 1, addresses });
    expect((await api.state.get(Machine, "m1")).spec.admission.is).toBe("accepted");
  });

  test("cannot be put as it is: verbs alone change what is asked of it", async () => {
    await register("m1");
    const reply = await api.call("/api/v1/machines/m1", { method: "PUT", token: admin, body: {} });
    expect(reply.status).toBe(405);
  });

  test("has labels merged; null takes one away", async () => {
    await register("m1", { labels: { a: "1", b: "2" } });
    const body = { labels: { a: null, c: "3" } };
    const { json } = await api.call("/api/v1/machines/m1", { method: "PATCH", token: admin, body });
    expect(json.metadata.labels).toEqual({ b: "2", c: "3" });
  });

  test("is registered once, however often the same request arrives", async () => {
    const body = { identity: { macs: [mac(9)] } };
    const headers = { "idempotency-key": "k1" };
    const send = (sent: unknown) =>
      api.call("/api/v1/machines", { method: "POST", token: admin, headers, body: sent });
    const [first, second] = [await send(body), await send(body)];
    expect(second.json.metadata.id).toBe(first.json.metadata.id);
    expect((await api.state.list(Machine)).resources).toHaveLength(1);
    expect((await send({ identity: { macs: [mac(8)] } })).status).toBe(422);
  });
});

describe("every change", () => {
  test("is in the audit log, whatever came of it, without secrets", async () => {
    await register("m1", {
      bmc: {
        address: "192.0.2.7",
        driver: "ipmi",
        user: "u",
        password: "hunter22",
        tls: { verify: "off" },
      },
    });
    await act("m1", "assign", { profile: "none" });
    const entries = (await api.state.list(AuditEntry)).resources.map(({ spec }) => spec);
    expect(entries.map(({ action, outcome }) => `${action} ${outcome.is}`).sort()).toEqual([
      "machines.assign refused",
      "machines.register done",
    ]);
    expect(JSON.stringify(entries)).not.toContain("hunter22");
  });
});

describe("tokens", () => {
  test("are told once, do what their role may, and nothing after they are revoked", async () => {
    const body = { name: "ci", role: "reader", expiresInDays: 1 };
    const made = await api.call("/api/v1/tokens", { method: "POST", token: admin, body });
    expect(made.status).toBe(201);
    const { token, metadata } = made.json;
    expect((await api.call("/api/v1/machines", { token })).status).toBe(200);
    expect((await act("m1", "accept", {}, token)).status).toBe(403);
    const listed = await api.call("/api/v1/tokens", { token: admin });
    expect(listed.text).not.toMatch(/sha256/);
    expect((await api.call(`/api/v1/tokens/${metadata.id}`, { method: "DELETE", token: admin })).status).toBe(
      204,
    );
    expect((await api.call("/api/v1/machines", { token })).status).toBe(401);
  });

  test("are kept as a hash alone", async () => {
    const secret = admin.slice(-43);
    expect(JSON.stringify((await api.state.list(Token)).resources.map(({ spec }) => spec))).not.toContain(
      secret,
    );
  });

  test("for some machines show and change those alone", async () => {
    await register("m1", { labels: { tenant: "a" } });
    await register("m2", { labels: { tenant: "b" } });
    const ours = await api.token("admin", { tenant: "a" });
    const { json } = await api.call("/api/v1/machines", { token: ours });
    expect(json.items.map(({ metadata }: { metadata: { id: string } }) => metadata.id)).toEqual(["m1"]);
    const refused = await Promise.all([
      api.call("/api/v1/machines/m2", { token: ours }),
      api.call("/api/v1/machines/m2/story", { token: ours }),
      act("m2", "accept", {}, ours),
      api.call("/api/v1/machines/m2", { method: "PATCH", token: ours, body: { labels: { tenant: "a" } } }),
      api.call("/api/v1/tokens", { method: "POST", token: ours, body: { name: "x", role: "admin" } }),
      api.call("/api/v1/profiles/p", { method: "PUT", token: ours, body: { spec: profile } }),
      api.call("/api/v1/machines/m1", { method: "PATCH", token: ours, body: { labels: { tenant: "b" } } }),
    ]);
    expect(refused.map(({ status }) => status)).toEqual([404, 404, 404, 404, 403, 403, 403]);
    expect((await api.call("/api/v1/tokens", { token: ours })).json.items).toEqual([]);
    expect((await act("m1", "accept", {}, ours)).status).toBe(202);
  });
});

describe("the description", () => {
  test("is OpenAPI 3.1 in which every reference, path parameter and schema holds", async () => {
    const { json } = await api.call("/api/openapi.json", { token: admin });
    expect(json.openapi).toBe("3.1.0");
    const operations = Object.entries<
      Record<string, { operationId: string; parameters?: { name: string; in: string }[]; responses: object }>
    >(json.paths).flatMap(([path, item]) => Object.values(item).map((operation) => ({ path, ...operation })));
    const ids = operations.map(({ operationId }) => operationId);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { path, parameters = [], responses } of operations) {
      const declared = parameters.filter((one) => one.in === "path").map(({ name }) => name);
      expect(declared).toEqual([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name));
      expect(Object.keys(responses).length).toBeGreaterThan(0);
    }
    const references = [...JSON.stringify(json).matchAll(/"\$ref":"#([^"]+)"/g)].map(([, to]) => to!);
    for (const to of new Set(references)) {
      const found = to
        .slice(1)
        .split("/")
        .reduce((at, step) => at?.[step], json);
      expect(found, to).toBeDefined();
    }
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    for (const [name, schema] of Object.entries(json.components.schemas)) {
      expect(ajv.validateSchema(schema as object), name).toBe(true);
    }
  });

  test("is a page that loads nothing from elsewhere and runs nothing", async () => {
    const { text, headers } = await api.call("/api/docs", { token: admin });
    expect(text).toContain("/api/v1/machines/{id}/actions/accept");
    expect(text).not.toMatch(/<script|src=|@import|https?:\/\//);
    expect(headers["content-security-policy"]).toContain("default-src 'none'");
  });

  test("fits what is answered", async () => {
    await register("m1");
    const { json } = await api.call("/api/openapi.json", { token: admin });
    const ajv = new Ajv2020({ strict: false, validateFormats: false });
    ajv.addSchema({ ...json, $id: "api" });
    const validate = ajv.compile({ $ref: "api#/components/schemas/Machine" });
    const machine = await api.call("/api/v1/machines/m1", { token: admin });
    expect(validate(machine.json), JSON.stringify(validate.errors)).toBe(true);
  });
});

test("metrics tell of every stage how many machines are in it, for how long, and how many are stuck", async () => {
  const life = api.state.as("Life");
  const since = new Date(Date.now() - 90_000);
  const tell = (id: string, retries: number) =>
    life.create(MachineStatus, id, {
      spec: { stage: "inspecting", why: "", since, progress: { is: "onTime", retries } },
    });
  await tell("m1", 0);
  await tell("m2", 1);
  const { text } = await api.call("/metrics", { token: admin });
  for (const stage of stages) {
    const count = stage === "inspecting" ? 2 : 0;
    expect(text).toContain(`ingot_machines{stage="${stage}"} ${count}\n`);
    expect(text).toContain(`ingot_machines_stuck{stage="${stage}"} ${count / 2}\n`);
    expect(text).toMatch(
      new RegExp(`ingot_machines_oldest_seconds\\{stage="${stage}"\\} ${count ? "9" : "0"}`),
    );
  }
});
