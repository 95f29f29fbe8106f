import { expect, test } from "vitest";
import { generateConfigs } from "../generate/configs.ts";
import { createSecrets } from "../generate/secrets.ts";
import { parseMachineConfig } from "../machine-config.ts";
import { validate } from "../validation.ts";
import { environmentSettings } from "./environment.ts";
import { hostnameSettings } from "./hostname.ts";
import { identitySettings } from "./identity.ts";
import { installSettings } from "./install.ts";
import { kernelSettings } from "./kernel.ts";
import { resolverSettings } from "./resolvers.ts";
import { timeSettings } from "./time.ts";
import { volumeSettings } from "./volumes.ts";

const document = (kind: string, fields: string) => `apiVersion: v1alpha1\nkind: ${kind}\n${fields}\n`;
const config = (...documents: string[]) => parseMachineConfig(documents.join("---\n"));
const machine = (fields: string) => `machine: {${fields}}\n`;

test.each([
  { name: "nothing said", text: machine(""), hostname: { source: "environment" } },
  { name: "a name", text: machine("network: {hostname: a}"), hostname: { source: "static", hostname: "a" } },
  {
    name: "a stable name of old",
    text: machine("features: {stableHostname: true}"),
    hostname: { source: "stable" },
  },
  { name: "a stable name", text: document("HostnameConfig", "auto: stable"), hostname: { source: "stable" } },
  {
    name: "a name in a document",
    text: document("HostnameConfig", "hostname: b"),
    hostname: { source: "static", hostname: "b" },
  },
])("the hostname comes from $name", ({ text, hostname }) => {
  expect(hostnameSettings(config(text))).toEqual(hostname);
});

test.each([
  {
    name: "nothing said",
    text: machine(""),
    time: { enabled: true, servers: [], bootTimeoutMs: 0 },
  },
  { name: "switched off", text: machine("time: {disabled: true}"), time: { enabled: false } },
  {
    name: "servers",
    text: machine("time: {servers: [a], bootTimeout: 2m}"),
    time: { servers: ["a"], bootTimeoutMs: 120_000 },
  },
  {
    name: "a document",
    text: document("TimeSyncConfig", "ntp: {servers: [b]}\nbootTimeout: 1m30s"),
    time: { servers: ["b"], bootTimeoutMs: 90_000 },
  },
  {
    name: "a clock on the bus",
    text: document("TimeSyncConfig", "ptp: {devices: [/dev/ptp0]}"),
    time: { servers: [], ptpDevices: ["/dev/ptp0"] },
  },
])("the time comes from $name", ({ text, time }) => {
  expect(timeSettings(config(text))).toMatchObject(time);
});

test("names are resolved as both kinds of document say", () => {
  expect(
    resolverSettings(
      config(
        machine("network: {searchDomains: [x], extraHostEntries: [{ip: 10.0.0.1, aliases: [a]}]}"),
        document(
          "ResolverConfig",
          "nameservers: [{address: 1.1.1.1}]\nsearchDomains: {disableDefault: true}",
        ),
        document("StaticHostConfig", "name: 10.0.0.2\nhostnames: [b, c]"),
      ),
    ),
  ).toEqual({
    nameservers: ["1.1.1.1"],
    searchDomains: ["x"],
    searchesOwnDomain: false,
    hosts: [
      { address: "10.0.0.1", names: ["a"] },
      { address: "10.0.0.2", names: ["b", "c"] },
    ],
  });
});

test("documents win over the v1alpha1 document in what the kernel is told", () => {
  expect(
    kernelSettings(
      config(
        machine("sysctls: {a: 1, b: 2}, kernel: {modules: [{name: x}]}, udev: {rules: [r]}"),
        document("SysctlConfig", "params: {b: 3}"),
        document("SysfsConfig", "params: {c: d}"),
        document("KernelModuleConfig", "name: y\nparameters: [p=1]"),
        document("UdevRulesConfig", "rules: [s]"),
      ),
    ),
  ).toEqual({
    sysctls: { a: "1", b: "3" },
    sysfs: { c: "d" },
    modules: [
      { name: "x", parameters: [] },
      { name: "y", parameters: ["p=1"] },
    ],
    udevRules: ["r", "s"],
  });
});

test("the environment comes from both", () => {
  const text = [machine("env: {A: b, C: d}"), document("EnvironmentConfig", "variables: {A: e}")];
  expect(environmentSettings(config(...text))).toEqual({ A: "e", C: "d" });
});

test.each([
  { name: "nothing", text: machine(""), install: undefined },
  {
    name: "a path",
    text: machine("install: {disk: /dev/sda, extraKernelArgs: [a=b], wipe: true}"),
    install: {
      disk: { by: "path", path: "/dev/sda" },
      image: undefined,
      wipe: true,
      extraKernelArgs: ["a=b"],
    },
  },
  {
    name: "a selector, whatever the path",
    text: machine("install: {disk: /dev/sda, diskSelector: {serial: x}, image: i}"),
    install: { disk: { by: "selector", selector: { serial: "x" } }, image: "i", wipe: false },
  },
  {
    name: "an expression",
    text: document("UnattendedInstallConfig", "provisioning: {diskSelector: {match: a}}"),
    install: { disk: { by: "expression", expression: "a" }, wipe: true },
  },
])("a machine is installed by $name", ({ text, install }) => {
  const settings = installSettings(config(text));
  if (install) expect(settings).toMatchObject(install);
  else expect(settings).toBeUndefined();
});

test("a machine knows its authority, and whom else it lets in", async () => {
  const clock = { now: () => new Date("2026-08-01T00:00:00Z") };
  const secrets = await createSecrets({ clock });
  const plan = { clusterName: "lab", endpoint: "https://10.0.0.1:6443", certSans: ["a"], secrets, clock };
  const { controlPlane, worker } = await generateConfigs(plan);
  expect(identitySettings(controlPlane)).toMatchObject({
    type: "controlplane",
    token: secrets.trustdinfo.token,
    certSans: ["a"],
  });
  expect(identitySettings(controlPlane)?.authority?.key).toContain("ED25519 PRIVATE KEY");
  expect(identitySettings(worker)).toMatchObject({ type: "worker", authority: { key: undefined } });
  expect(identitySettings(worker)?.accepted.map(({ subject }) => subject.organization)).toEqual([["talos"]]);
  expect(identitySettings(config(document("HostnameConfig", "auto: stable")))).toBeUndefined();
}, 120_000);

const full = (fields: string) =>
  `machine: {type: worker, ca: {crt: YQ==}, ${fields}}\ncluster: {controlPlane: {endpoint: "https://a:6443"}}\n`;

test.each([
  {
    name: "a hostname",
    texts: [full("network: {hostname: a}"), document("HostnameConfig", "hostname: b")],
    why: "machine.network.hostname says this already",
  },
  {
    name: "nameservers",
    texts: [full("network: {nameservers: [1.1.1.1]}"), document("ResolverConfig", "")],
    why: "machine.network.nameservers",
  },
  {
    name: "time servers",
    texts: [full("time: {servers: [a]}"), document("TimeSyncConfig", "")],
    why: "machine.time.servers",
  },
  {
    name: "KubeSpan",
    texts: [full("network: {kubespan: {}}"), document("KubeSpanConfig", "enabled: true")],
    why: "machine.network.kubespan",
  },
  {
    name: "an install",
    texts: [
      full("install: {disk: a}"),
      document("UnattendedInstallConfig", "provisioning: {diskSelector: {match: a}}"),
    ],
    why: "machine.install",
  },
  {
    name: "an encryption",
    texts: [
      full("systemDiskEncryption: {state: {provider: luks2, keys: [{nodeID: {}}]}}"),
      document("VolumeConfig", "name: STATE\nencryption: {provider: luks2, keys: [{nodeID: {}}]}"),
    ],
    why: "machine.systemDiskEncryption.state",
  },
  {
    name: "a link",
    texts: [document("LinkConfig", "name: a"), document("DummyLinkConfig", "name: a")],
    why: 'beside LinkConfig "a"',
  },
  {
    name: "a shared address",
    texts: [
      document("Layer2VIPConfig", "name: 10.0.0.1\nlink: a"),
      document("HCloudVIPConfig", "name: 10.0.0.1\nlink: a\napiToken: b"),
    ],
    why: "beside Layer2VIPConfig",
  },
])("$name that is said twice is a fault", ({ texts, why }) => {
  const { errors } = validate(config(...texts), "cloud");
  expect(errors).toHaveLength(1);
  expect(errors[0]?.why).toContain(why);
});

test("volumes come from documents and from machine.disks", () => {
  const match = 'disk.dev_path == "/dev/sdb"';
  const volumes = volumeSettings(
    config(
      machine(
        "disks: [{device: /dev/sdb, partitions: [{size: 1GiB, mountpoint: /var/lib/a}, {mountpoint: /var/b}]}]",
      ),
      document(
        "UserVolumeConfig",
        "name: data\nprovisioning: {diskSelector: {match: system_disk}, minSize: 1GB, maxSize: 50%, grow: true}\nfilesystem: {type: ext4}\nmount: {secure: false}",
      ),
      document("UserVolumeConfig", "name: folder\nvolumeType: directory"),
    ),
  );
  expect(
    volumes.map(({ name, mountAt, make, filesystem, secure }) => [name, mountAt, make, filesystem, secure]),
  ).toEqual([
    [
      ...["data", undefined],
      { is: "partition", match: "system_disk", minBytes: 1e9, max: { share: 0.5 }, grow: true },
      ...["ext4", false],
    ],
    ["folder", undefined, { is: "directory" }, "xfs", true],
    [
      "var-lib-a",
      "/var/lib/a",
      { is: "partition", match, minBytes: 2 ** 30, max: { bytes: 2 ** 30 }, grow: false },
      "xfs",
      true,
    ],
    ["var-b", "/var/b", { is: "partition", match, minBytes: 0, max: undefined, grow: false }, "xfs", true],
  ]);
});
