import { expect, test } from "vitest";
import { parseMachineConfig } from "../machine-config.ts";
import { InvalidMachineConfig } from "./diagnostic.ts";
import { suggestion } from "./suggestion.ts";

const failure = (text: string): InvalidMachineConfig => {
  try {
    parseMachineConfig(text);
  } catch (error) {
    if (error instanceof InvalidMachineConfig) return error;
    throw error;
  }
  throw new Error("it was read");
};

const deep = (depth: number) => `machine: ${"[".repeat(depth)}${"]".repeat(depth)}`;
const bomb = [
  "machine:",
  "  pods:",
  "    - &a0 {a: 1}",
  ...Array.from(
    { length: 12 },
    (_, i) =>
      `    - &a${i + 1} {${"abcdefgh"
        .split("")
        .map((k) => `${k}: *a${i}`)
        .join(", ")}}`,
  ),
].join("\n");

test.each([
  {
    name: "an unknown key, with the one that was meant",
    text: "machine:\n  netwrok:\n    hostname: a\n",
    at: [2, 3],
    why: 'machine.netwrok: unknown key; did you mean "network"?',
  },
  {
    name: "an unknown key that resembles nothing",
    text: "machine:\n  network:\n    zzz: 1\n",
    at: [3, 5],
    why: "machine.network.zzz: unknown key",
  },
  {
    name: "a list where a mapping is due",
    text: "machine:\n  network: []\n",
    at: [2, 12],
    why: "machine.network: must be a mapping",
  },
  {
    name: "a mapping where a list is due",
    text: "machine:\n  certSANs: {a: b}\n",
    at: [2, 13],
    why: "must be a list",
  },
  {
    name: "a text where a flag is due",
    text: 'debug: "maybe"\nmachine: {}\n',
    at: [1, 8],
    why: "debug: must be true or false",
  },
  {
    name: "a number out of range",
    text: "machine:\n  features:\n    kubePrism:\n      port: 70000\n",
    at: [4, 13],
    why: "must be at most 65535",
  },
  {
    name: "a fraction",
    text: "machine:\n  files:\n    - permissions: 1.5\n",
    at: [3, 20],
    why: "must be a whole number",
  },
  {
    name: "another version",
    text: "version: v1beta1\nmachine: {}\n",
    at: [1, 10],
    why: 'version: must be "v1alpha1"',
  },
  {
    name: "a null in a list",
    text: "machine:\n  disks:\n    - \n",
    at: [3, 7],
    why: "machine.disks.0: must be a mapping",
  },
  {
    name: "a document without a kind",
    text: "apiVersion: v2\nfoo: 1\n",
    at: [1, 1],
    why: "neither a kind nor a machine",
  },
  {
    name: "an unknown kind",
    text: "machine: {}\n---\napiVersion: v1alpha1\nkind: LinkConf\nname: a\n",
    at: [3, 1],
    why: "v1alpha1 LinkConf is not known here; did you mean LinkConfig?",
  },
  {
    name: "a kind without an apiVersion",
    text: "kind: LinkConfig\n",
    at: [1, 1],
    why: "must say its apiVersion",
  },
  {
    name: "a second v1alpha1 document",
    text: "machine: {}\n---\ncluster: {}\n",
    at: [3, 1],
    why: "v1alpha1 is there already",
  },
  {
    name: "a document of the same kind and name",
    text: ["a", "b", "a"]
      .map((name) => `apiVersion: v1alpha1\nkind: LinkConfig\nname: ${name}\n`)
      .join("---\n"),
    at: [9, 1],
    why: 'LinkConfig "a" is there already',
  },
  {
    name: "a second document of a kind that has no names",
    text: ["a", "b"]
      .map((name) => `apiVersion: v1alpha1\nkind: HostnameConfig\nhostname: ${name}\n`)
      .join("---\n"),
    at: [5, 1],
    why: "HostnameConfig is there already",
  },
  {
    name: "a key that is there twice",
    text: "machine:\n  token: a\n  token: b\n",
    at: [3, 3],
    why: "unique",
  },
  { name: "a mapping that is not closed", text: "machine: {token: a\n", at: [2, 1], why: "flow" },
  { name: "a list of documents", text: "- machine: {}\n", at: [1, 1], why: "a document must be a mapping" },
  { name: "nothing but a comment", text: "# later\n---\n", at: [0, 0], why: "there is nothing in it" },
  { name: "nothing", text: "\n", at: [0, 0], why: "there is nothing in it" },
  { name: "brackets without end", text: deep(20_000), at: [1, expect.any(Number)], why: "nested too deeply" },
  {
    name: "an alias to nothing",
    text: "machine: {token: *a}\n",
    at: [1, 1],
    why: "the alias a names no anchor",
  },
  { name: "aliases that multiply each other", text: bomb, at: [1, 1], why: "alias" },
  {
    name: "a prefix that is too long",
    text: "apiVersion: v1alpha1\nkind: LinkConfig\nname: a\naddresses:\n  - address: 10.0.0.1/33\n",
    at: [5, 14],
    why: "addresses.0.address: is no address with a prefix length",
  },
])("$name is refused at its place", ({ text, at, why }) => {
  const { diagnostics, message } = failure(text);
  expect(message).toMatch(/^Cannot read machine config: /);
  expect(message.toLowerCase()).toContain(why.toLowerCase());
  expect([diagnostics[0]?.line, diagnostics[0]?.column]).toEqual(at);
});

test("every fault is reported at once", () => {
  const { diagnostics } = failure(
    "machine:\n  tpye: worker\n  install:\n    wipe: perhaps\ncluster:\n  nme: a\n",
  );
  expect(diagnostics.map(({ line, path }) => [line, path])).toEqual([
    [2, "machine.tpye"],
    [6, "cluster.nme"],
    [4, "machine.install.wipe"],
  ]);
});

test.each([
  {
    name: "a number where text is due",
    yaml: "sysctls: {net.ipv4.ip_forward: 1}",
    value: { sysctls: { "net.ipv4.ip_forward": "1" } },
  },
  {
    name: "a flag where text is due",
    yaml: "env: {A: yes, B: true}",
    value: { env: { A: "yes", B: "true" } },
  },
  { name: "a token that looks like an octal number", yaml: "token: 0123", value: { token: "0123" } },
  {
    name: "YAML 1.1's yes",
    yaml: "install: {wipe: yes, bootloader: Off}",
    value: { install: { wipe: true, bootloader: false } },
  },
  {
    name: "a mode with a leading zero",
    yaml: "files: [{permissions: 0644}]",
    value: { files: [{ permissions: 0o644 }] },
  },
  {
    name: "a mode with 0o",
    yaml: "files: [{permissions: 0o600}]",
    value: { files: [{ permissions: 0o600 }] },
  },
  { name: "a null section", yaml: "network:", value: {} },
  {
    name: "an argument given twice",
    yaml: "kubelet: {extraArgs: {a: 1, b: [x, 2]}}",
    value: { kubelet: { extraArgs: { a: "1", b: ["x", "2"] } } },
  },
  {
    name: "a size in bytes, and one as text",
    yaml: "disks: [{partitions: [{size: 5}, {size: 1GB}]}]",
    value: { disks: [{ partitions: [{ size: 5 }, { size: "1GB" }] }] },
  },
  { name: "an anchor", yaml: "env: {A: &x foo, B: *x}", value: { env: { A: "foo", B: "foo" } } },
  { name: "an empty label", yaml: "nodeLabels: {a: , b: ''}", value: { nodeLabels: { a: "", b: "" } } },
  {
    name: "what is somebody else's",
    yaml: "pods: [{spec: {x: [1, yes, null]}}]",
    value: { pods: [{ spec: { x: [1, "yes", null] } }] },
  },
])("$name is understood", ({ yaml, value }) => {
  expect(parseMachineConfig(`machine: {${yaml}}`).v1alpha1?.machine).toEqual(value);
});

test.each([
  { written: "hostnmae", known: ["hostname", "interfaces"], near: "hostname" },
  { written: "KUBELET", known: ["kubelet"], near: "kubelet" },
  { written: "abc", known: ["xyz", "hostname"], near: undefined },
  { written: "x".repeat(100_000), known: ["x"], near: undefined },
])("for $near the suggestion comes from what is near", ({ written, known, near }) => {
  expect(suggestion(written, known)).toBe(near);
});
