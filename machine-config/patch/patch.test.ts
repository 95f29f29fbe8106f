import { expect, test } from "vitest";
import { parseMachineConfig } from "../machine-config.ts";
import { applyPatches, parsePatch } from "./patch.ts";

const patched = (config: string, ...patches: string[]) =>
  applyPatches(parseMachineConfig(config), patches.map(parsePatch)).text;

const link = (rest: string) => `apiVersion: v1alpha1\nkind: LinkConfig\nname: eth0\n${rest}`;

test.each([
  {
    name: "a text replaces",
    config: "machine: {token: a}",
    patch: "machine: {token: b}",
    result: { machine: { token: "b" } },
  },
  {
    name: "an empty text and a zero change nothing",
    config: "machine: {token: a, network: {interfaces: [{interface: e, mtu: 5}]}}",
    patch: 'machine: {token: "", network: {interfaces: [{interface: e, mtu: 0}]}}',
    result: { machine: { token: "a", network: { interfaces: [{ interface: "e", mtu: 5 }] } } },
  },
  { name: "false replaces", config: "debug: true", patch: "debug: false", result: { debug: false } },
  {
    name: "lists append",
    config: "machine: {certSANs: [a]}",
    patch: "machine: {certSANs: [b, a]}",
    result: { machine: { certSANs: ["a", "b", "a"] } },
  },
  {
    name: "subnets are replaced",
    config: "cluster: {network: {podSubnets: [a], serviceSubnets: [b]}}",
    patch: "cluster: {network: {podSubnets: [c]}}",
    result: { cluster: { network: { podSubnets: ["c"], serviceSubnets: ["b"] } } },
  },
  {
    name: "the audit policy is replaced",
    config: "cluster: {apiServer: {auditPolicy: {kind: Policy, rules: [{level: None}]}}}",
    patch: "cluster: {apiServer: {auditPolicy: {rules: []}}}",
    result: { cluster: { apiServer: { auditPolicy: { rules: [] } } } },
  },
  {
    name: "interfaces merge by name, and their VLANs by number",
    config:
      "machine: {network: {interfaces: [{interface: a, mtu: 1}, {interface: b, vlans: [{vlanId: 5, mtu: 1}]}]}}",
    patch:
      "machine: {network: {interfaces: [{interface: b, vlans: [{vlanId: 5, dhcp: true}, {vlanId: 6}]}, {interface: c}]}}",
    result: {
      machine: {
        network: {
          interfaces: [
            { interface: "a", mtu: 1 },
            { interface: "b", vlans: [{ vlanId: 5, mtu: 1, dhcp: true }, { vlanId: 6 }] },
            { interface: "c" },
          ],
        },
      },
    },
  },
  {
    name: "interfaces merge by selector, in whatever order it is written",
    config: "machine: {network: {interfaces: [{deviceSelector: {driver: a, busPath: b}, mtu: 1}]}}",
    patch: "machine: {network: {interfaces: [{deviceSelector: {busPath: b, driver: a}, dhcp: true}]}}",
    result: {
      machine: {
        network: { interfaces: [{ deviceSelector: { driver: "a", busPath: "b" }, mtu: 1, dhcp: true }] },
      },
    },
  },
  {
    name: "admission plugins merge by name",
    config: "cluster: {apiServer: {admissionControl: [{name: A, configuration: {x: {y: 1}}}]}}",
    patch: "cluster: {apiServer: {admissionControl: [{name: A, configuration: {x: {z: 2}}}]}}",
    result: {
      cluster: { apiServer: { admissionControl: [{ name: "A", configuration: { x: { y: 1, z: 2 } } }] } },
    },
  },
  {
    name: "arguments are replaced, whether one or several",
    config: "machine: {kubelet: {extraArgs: {a: [x, y], b: z}}}",
    patch: "machine: {kubelet: {extraArgs: {a: w, b: [p, q]}}}",
    result: { machine: { kubelet: { extraArgs: { a: "w", b: ["p", "q"] } } } },
  },
  {
    name: "a key is taken away by an empty one",
    config: "machine: {ca: {crt: YQ==, key: Yg==}}",
    patch: 'machine: {ca: {crt: YQ==, key: ""}}',
    result: { machine: { ca: { crt: "YQ==", key: "" } } },
  },
  {
    name: "$patch: delete takes a section away",
    config: "machine: {token: a, install: {disk: x}}",
    patch: "machine: {install: {$patch: delete}}",
    result: { machine: { token: "a" } },
  },
  {
    name: "$patch: delete takes an item of a list away, by its first key",
    config: "machine: {network: {interfaces: [{interface: a}, {interface: b}]}}",
    patch: "machine: {network: {interfaces: [{interface: a, $patch: delete}]}}",
    result: { machine: { network: { interfaces: [{ interface: "b" }] } } },
  },
  {
    name: "what is deleted can be written anew in the same patch",
    config: "machine: {network: {interfaces: [{interface: a, mtu: 1}]}}",
    patch: "machine: {network: {interfaces: [{interface: a, $patch: delete}, {interface: a, dhcp: true}]}}",
    result: { machine: { network: { interfaces: [{ interface: "a", dhcp: true }] } } },
  },
  {
    name: "anchors are written out",
    config: "machine: {env: &e {A: b}, sysctls: *e}",
    patch: "machine: {env: {A: c}}",
    result: { machine: { env: { A: "c" }, sysctls: { A: "b" } } },
  },
])("$name", ({ config, patch, result }) => {
  expect(parseMachineConfig(patched(config, patch)).v1alpha1).toEqual(result);
});

test("documents match by kind and name; others are added at the end", () => {
  const other = link("mtu: 7\n").replace("eth0", "eth1");
  const text = patched(`machine: {}\n---\n${link("mtu: 5\n")}`, `${link("up: true\n")}---\n${other}`);
  expect(text).toBe(`machine: {}\n---\n${link("mtu: 5\nup: true\n")}---\n${other}`);
});

test("a document is deleted by its identity", () => {
  expect(patched(`machine: {}\n---\n${link("mtu: 5\n")}`, link("$patch: delete\n"))).toBe("machine: {}\n");
});

test("comments and order stay where people wrote them", () => {
  const config = `# my machine
machine:
    type: worker # the second one
    # who may call it
    certSANs:
        - a # first
    install:
        disk: /dev/sda # not sdb!
`;
  const patch = "machine:\n  install:\n    disk: /dev/nvme0n1\n    wipe: true\n  certSANs:\n  - b # second\n";
  expect(patched(config, patch)).toBe(`# my machine
machine:
    type: worker # the second one
    # who may call it
    certSANs:
        - a # first
        - b # second
    install:
        disk: /dev/nvme0n1 # not sdb!
        wipe: true
`);
});

const operations = JSON.stringify([
  { op: "test", path: "/machine/token", value: "a" },
  { op: "add", path: "/machine/certSANs/0", value: "x" },
  { op: "add", path: "/machine/certSANs/-", value: "z" },
  { op: "copy", from: "/machine/token", path: "/cluster/token" },
  { op: "move", from: "/machine/env/a~1b", path: "/machine/env/c~0d" },
  { op: "replace", path: "/machine/token", value: "b" },
  { op: "remove", path: "/machine/install" },
]);

test("operations of RFC 6902 are done in their order, and leave comments alone", () => {
  const config =
    "machine:\n    token: a # secret\n    certSANs: [y]\n    env: {a/b: v}\n    install: {}\ncluster: {}\n";
  expect(patched(config, operations)).toBe(
    "machine:\n    token: b # secret\n    certSANs: [ x, y, z ]\n    env: { c~d: v }\ncluster: { token: a }\n",
  );
});

test.each([
  { name: "an unknown key", patch: "machine: {foo: 1}", why: "machine.foo: unknown key" },
  {
    name: "a deletion of what is not there",
    patch: "machine: {network: {$patch: delete}}",
    why: "machine.network: cannot be deleted",
  },
  {
    name: "a deletion below what is null",
    patch: "machine: {time: {servers: {$patch: delete}}}",
    why: "cannot be deleted",
  },
  {
    name: "a deletion of an item that is not there",
    patch: "machine: {files: [{path: a, $patch: delete}]}",
    why: "no item whose path is a",
  },
  {
    name: "a deletion of another document",
    patch: link("$patch: delete"),
    why: 'there is no LinkConfig "eth0"',
  },
  {
    name: "a deletion of everything",
    patch: "$patch: delete\nmachine: {}",
    why: "v1alpha1 document cannot be deleted",
  },
  { name: "another directive", patch: "machine: {network: {$patch: replace}}", why: "$patch can be delete" },
  { name: "a list in place of a mapping", patch: "machine: {pods: [1]}", why: "must be a mapping" },
  { name: "an operation that is none", patch: "[{op: shuffle, path: /a}]", why: "Cannot patch" },
  { name: "a pointer that is none", patch: "[{op: remove, path: a}]", why: "is no JSON pointer" },
  {
    name: "an operation below a text",
    patch: "[{op: add, path: /machine/token/x, value: 1}]",
    why: "Cannot patch",
  },
  {
    name: "a removal of what is not there",
    patch: "[{op: remove, path: /machine/time/x}]",
    why: "/machine/time/x: is not there",
  },
  { name: "a test that fails", patch: "[{op: test, path: /machine/token, value: b}]", why: "tested value" },
  {
    name: "an operation that makes no config",
    patch: "[{op: add, path: /machine/foo, value: 1}]",
    why: "machine.foo: unknown key",
  },
])("$name is refused", ({ patch, why }) => {
  expect(() => patched("machine: {token: a, files: [{path: b}], time:}", patch)).toThrow(why);
});

test("operations are for a config of one document", () => {
  expect(() => patched(`machine: {}\n---\n${link("")}`, '[{"op":"remove","path":"/machine"}]')).toThrow(
    "JSON6902 patches are not supported for multi-document machine configuration",
  );
});
