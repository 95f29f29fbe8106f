import { Ajv2020 } from "ajv/dist/2020.js";
import { beforeAll, expect, test } from "vitest";
import { documentKinds } from "./documents/kinds.ts";
import { generateConfigs } from "./generate/configs.ts";
import { createSecrets } from "./generate/secrets.ts";
import { machineConfigJsonSchema } from "./json-schema.ts";
import type { MachineConfig } from "./machine-config.ts";

const judge = new Ajv2020({ strict: false }).compile(machineConfigJsonSchema());

let generated: readonly MachineConfig[];
beforeAll(async () => {
  const clock = { now: () => new Date("2026-08-01T00:00:00Z") };
  const plan = {
    clusterName: "lab",
    endpoint: "https://10.0.0.1:6443",
    secrets: await createSecrets({ clock }),
    clock,
  };
  const { controlPlane, worker } = await generateConfigs({
    ...plan,
    kubeSpan: true,
    registryMirrors: { a: ["https://b"] },
  });
  generated = [controlPlane, worker];
}, 120_000);

test("an independent judge of JSON Schema accepts every document that we generate", () => {
  for (const { spec, kind } of generated.flatMap(({ documents }) => documents)) {
    expect(judge(spec), kind).toBe(true);
  }
});

test.each([
  { name: "an unknown key", value: { machine: { netwrok: {} } } },
  { name: "a wrong type", value: { machine: { network: [] } } },
  { name: "an unknown kind", value: { apiVersion: "v1alpha1", kind: "Nothing" } },
  { name: "a link without a name", value: { apiVersion: "v1alpha1", kind: "LinkConfig" } },
])("$name is refused", ({ value }) => {
  expect(judge(value)).toBe(false);
});

test("every kind is in the schema once", () => {
  const { oneOf } = machineConfigJsonSchema() as { oneOf: readonly { title: string }[] };
  expect(oneOf.map(({ title }) => title).sort()).toEqual(
    ["v1alpha1", ...documentKinds.map(({ kind }) => kind)].sort(),
  );
});
