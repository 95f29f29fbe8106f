import { afterAll, beforeAll, expect, test } from "vitest";
import { systemClock as clock } from "../../cosi/system-clock.ts";
import { parseClientConfig } from "../../machine-config/client-config.ts";
import { parseCertificate } from "../../pki/certificate.ts";
import { makeSecrets } from "../profiles/cluster-secrets.ts";
import { Assignment } from "../resources/assignment.ts";
import { Installation } from "../resources/installation.ts";
import { Machine } from "../resources/machine.ts";
import { Profile } from "../resources/profile.ts";
import type { Role } from "../resources/roles.ts";
import { openTestApi } from "./api-client.conformance.ts";
import { makeToken } from "./tokens.ts";

let api: Awaited<ReturnType<typeof openTestApi>>;
const tokens: Partial<Record<Role | "scoped", string>> = {};

beforeAll(async () => {
  api = await openTestApi();
  const { state } = api;
  for (const role of ["reader", "operator", "admin"] as const) {
    tokens[role] = (await makeToken({ state, clock }, { name: role, role, createdBy: "test" })).text;
  }
  const scope = { tenant: "a" };
  const wish = { name: "scoped", role: "admin", scope, createdBy: "test" } as const;
  tokens.scoped = (await makeToken({ state, clock }, wish)).text;
  await makeSecrets({ state, clock }, "one");
  await makeSecrets({ state, clock }, "two");
  for (const [id, cluster, as] of [
    ["control", "one", "controlplane"],
    ["work", "one", "worker"],
    ["alone", "two", "worker"],
  ] as const) {
    await state.create(Profile, id, {
      spec: {
        boots: { what: "ingot", image: "default", arguments: [] },
        memberOf: { cluster, as, endpoint: "https://192.0.2.1:6443" },
        installDisk: {},
        installedBy: { evidence: "nodeApi" },
      },
    });
  }
  await node("m1", "control", "192.0.2.1");
  await node("m2", "work", "192.0.2.2");
  await node("m3", "alone", "192.0.2.3");
  await node("m4", "work", undefined);
});
afterAll(() => api[Symbol.asyncDispose]());

async function node(id: string, profile: string, address: string | undefined): Promise<void> {
  const { state } = api;
  const now = new Date();
  await state.create(Machine, id, {
    spec: {
      ...{ identity: { macs: [] }, admission: { is: "byRule" }, wipeId: 1, retryId: 0 },
      ...{ power: "automatic", boot: {} },
    },
  });
  await state.create(Assignment, id, { spec: { profile, how: "install", wipeId: 1 } });
  const seen = address ? ({ is: "ready", since: now, address } as const) : ({ is: "unseen" } as const);
  await state.create(Installation, id, { spec: { wipeId: 1, evidence: "nodeApi", at: now, node: seen } });
}

const ask = (token: Role | "scoped", body: object) =>
  api.call("/api/v1/machines/talosconfig", { method: "POST", token: tokens[token]!, body });

async function given(token: Role, body: object) {
  const { status, json } = await ask(token, body);
  expect(status).toBe(201);
  return parseClientConfig(json.talosconfig);
}

const certificateOf = (crt: string | undefined) => parseCertificate(Buffer.from(crt!, "base64").toString());

test("machines get a context for each of their clusters, whose control planes are asked", async () => {
  const { context, contexts } = await given("admin", {});
  expect(context).toBe("one");
  expect(contexts).toMatchObject({
    one: { endpoints: ["192.0.2.1"], nodes: ["192.0.2.1", "192.0.2.2"] },
    two: { endpoints: ["192.0.2.3"], nodes: ["192.0.2.3"] },
  });
  expect(contexts["one"]?.ca).not.toBe(contexts["two"]?.ca);
});

test("the certificate is good for half a day, and for no more than its token", async () => {
  const { contexts } = await given("admin", { machines: ["m1"] });
  const { notAfter, subject } = certificateOf(contexts["one"]?.crt);
  expect(subject.organization).toEqual(["os:admin"]);
  const hours = (notAfter.getTime() - Date.now()) / 3_600_000;
  expect(Math.round(hours)).toBe(12);
  const least = await given("operator", { machines: ["m1"], role: "reader" });
  expect(certificateOf(least.contexts["one"]?.crt).subject.organization).toEqual(["os:reader"]);
  expect(await ask("operator", { machines: ["m1"], role: "admin" })).toMatchObject({ status: 403 });
  expect(await ask("scoped", { machines: [] })).toMatchObject({ status: 403 });
});

test.each([
  ["m4", 409, /m4 is not seen running yet/],
  ["none", 404, /none/],
])("machine %s has none, and it is said why", async (machine, status, why) => {
  const answer = await ask("admin", { machines: [machine] });
  expect(answer.status).toBe(status);
  expect(answer.text).toMatch(why);
});
