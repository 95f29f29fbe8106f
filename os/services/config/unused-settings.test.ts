import { beforeAll, describe, expect, test } from "vitest";
import { fieldSchema, fieldsOf, itemSchema } from "../../../machine-config/decode/schema-shape.ts";
import { documentKinds } from "../../../machine-config/documents/kinds.ts";
import { type MachineConfig, parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { v1alpha1 } from "../../../machine-config/v1alpha1/config.ts";
import { practiceCluster } from "../api/practice-node.ts";
import { unusedSettings as reasons, usedSettings } from "./setting-uses.ts";
import { isParted, rowOf, unusedSettings } from "./unused-settings.ts";

type Schema = Parameters<typeof isParted>[0];

/** Every field that a config may have. */
function fieldsBelow(schema: Schema, path: string): string[] {
  const item = itemSchema(schema);
  if (item) return fieldsBelow(item, path);
  const under = (step: string) => (path === "" ? step : `${path}.${step}`);
  const fields = fieldsOf(schema);
  if (!fields) return isParted(schema) ? fieldsBelow(fieldSchema(schema, "")!, under("*")) : [path];
  if (Object.keys(fields).length === 0) return [path];
  return Object.entries(fields).flatMap(([key, field]) => fieldsBelow(field, under(key)));
}

const everyField = [
  ...fieldsBelow(v1alpha1, ""),
  ...documentKinds
    .flatMap(({ kind, schema }) => fieldsBelow(schema, kind))
    .filter((path) => !/\.(apiVersion|kind)$/.test(path)),
];
const rows = [...usedSettings, ...reasons.flatMap(([, paths]) => paths)];

test("of every field of every document it is said whether it is used", () => {
  expect(everyField.filter((path) => rowOf(path) === undefined)).toEqual([]);
});

test("every row is of a field that there is, and no other row says the same", () => {
  const counted = new Set(everyField.map(rowOf));
  expect(rows.filter((path) => !counted.has(path))).toEqual([]);
  expect(rows.filter((path, at) => rows.indexOf(path) !== at)).toEqual([]);
});

describe("a config is told", () => {
  let generated: MachineConfig;
  beforeAll(async () => {
    generated = (await practiceCluster()).controlPlane;
  });

  test("in one sentence that there is no Kubernetes", () => {
    const [sentence, ...others] = unusedSettings(generated).filter((it) => it.includes("Kubernetes"));
    expect(others).toEqual([]);
    expect(sentence).toMatch(
      /^kept, and not used: machine\.kubelet, .*cluster\.network, .*\(Kubernetes does/,
    );
    expect(sentence).not.toMatch(/cluster\.(id|clusterName)\b/);
  });

  test.each<[string, string[]]>([
    ["machine: {sysctls: {a.b: '1'}, network: {hostname: one}}", []],
    ["machine: {network: {interfaces: [{interface: eth0, dhcp: true, vip: {ip: ''}}]}}", []],
    [
      "machine: {systemDiskEncryption: {state: {provider: luks2}}}",
      [
        "kept, and not used: machine.systemDiskEncryption (disks are not encrypted by this node yet: WHAT IS WRITTEN CAN BE READ FROM THEM)",
      ],
    ],
    [
      "apiVersion: v1alpha1\nkind: NetworkDefaultActionConfig\ningress: block",
      [
        "kept, and not used: NetworkDefaultActionConfig (this node has no firewall yet: WHAT LISTENS CAN BE REACHED)",
      ],
    ],
    [
      "machine: {registries: {config: {a.example: {auth: {username: u}, tls: {insecureSkipVerify: true}}}}}",
      [],
    ],
  ])("%s", (text, sentences) => {
    expect(unusedSettings(parseMachineConfig(text))).toEqual(sentences);
  });
});
