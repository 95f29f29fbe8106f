import { expect, test } from "vitest";
import { hostnameConfig } from "./documents/hostname-config.ts";
import { linkConfig } from "./documents/link-config.ts";
import { vlanConfig } from "./documents/vlan-config.ts";
import { parseMachineConfig } from "./machine-config.ts";
import { assertValid, validate } from "./validation.ts";

const link = (name: string) => `apiVersion: v1alpha1\nkind: LinkConfig\nname: ${name}\nmtu: 9000\n`;

test("documents are found by their kind and name", () => {
  const config = parseMachineConfig(["machine: {type: worker}\n", link("eth0"), link("eth1")].join("---\n"));
  expect(config.v1alpha1?.machine?.type).toBe("worker");
  expect(config.all(linkConfig).map(({ name }) => name)).toEqual(["eth0", "eth1"]);
  expect(config.get(linkConfig, "eth1")?.mtu).toBe(9000);
  expect(config.get(linkConfig, "eth2")).toBeUndefined();
  expect(config.get(hostnameConfig)).toBeUndefined();
});

test("a config without the v1alpha1 document is partial", () => {
  expect(parseMachineConfig(link("eth0")).v1alpha1).toBeUndefined();
});

test("text that was read is kept as it was", () => {
  const text = "# mine\nmachine:\n      type: worker   # odd\n";
  expect(parseMachineConfig(text).text).toBe(text);
});

const certificate = "YQ==";
const controlPlane = (machine: string, cluster = "", top = "") =>
  `version: v1alpha1\n${top}\nmachine: {type: controlplane, ca: {crt: ${certificate}, key: ${certificate}}, install: {disk: /dev/sda}, ${machine}}\n` +
  `cluster: {controlPlane: {endpoint: "https://10.0.0.1:6443"}, ${cluster}}\n`;
const worker = (machine: string, cluster = "") =>
  `machine: {type: worker, ca: {crt: ${certificate}}, install: {disk: /dev/sda}, ${machine}}\n` +
  `cluster: {controlPlane: {endpoint: "https://10.0.0.1:6443"}, ${cluster}}\n`;
const device = (fields: string) => controlPlane(`network: {interfaces: [{interface: eth0, ${fields}}]}`);
const document = (kind: string, fields: string) => `apiVersion: v1alpha1\nkind: ${kind}\n${fields}\n`;

test.each([
  { name: "a control plane", text: controlPlane("") },
  { name: "a worker", text: worker("") },
  { name: "a worker with an empty key", text: worker("").replace("}, install", ', key: ""}, install') },
  {
    name: "a disk selector",
    text: controlPlane("").replace("disk: /dev/sda", "diskSelector: {size: '>= 100GB', type: nvme}"),
  },
  {
    name: "addresses with and without prefix",
    text: device("addresses: [10.0.0.1/24, 'fd00::1'], vip: {ip: 10.0.0.9}"),
  },
  {
    name: "a LACP bond",
    text: device("bond: {interfaces: [a, b], mode: 802.3ad, lacpRate: fast, miimon: 100, updelay: 200}"),
  },
  { name: "a VLAN", text: document("VLANConfig", "name: v\nvlanID: 7\nparent: eth0\nvlanMode: 802.1ad") },
])("$name is valid", ({ text }) => {
  expect(validate(parseMachineConfig(text), "metal").errors).toEqual([]);
});

test.each([
  { name: "no machine", text: "cluster: {}", at: "machine", why: "is required" },
  { name: "no cluster", text: "machine: {}", at: "cluster", why: "is required" },
  {
    name: "no endpoint",
    text: "machine: {}\ncluster: {}",
    at: "cluster.controlPlane.endpoint",
    why: "is required",
  },
  {
    name: "no way to install",
    text: controlPlane("").replace("install: {disk: /dev/sda},", ""),
    at: "machine.install",
    why: "on metal",
  },
  {
    name: "neither disk nor selector",
    text: controlPlane("").replace("disk: /dev/sda", "wipe: true"),
    at: "machine.install",
    why: "disk or diskSelector",
  },
  {
    name: "an unknown type",
    text: worker("").replace("type: worker", "type: boss"),
    at: "machine.type",
    why: "no type of machine",
  },
  {
    name: "a control plane without its key",
    text: controlPlane("").replace(`, key: ${certificate}`, ""),
    at: "machine.ca.key",
    why: "is required",
  },
  {
    name: "a worker with the key",
    text: worker("").replace("}, install", `, key: ${certificate}}, install`),
    at: "machine.ca.key",
    why: "control planes only",
  },
  {
    name: "a worker with the cluster's key",
    text: worker("", `ca: {crt: ${certificate}, key: ${certificate}}`),
    at: "cluster.ca.key",
    why: "control planes only",
  },
  {
    name: "a worker with etcd",
    text: worker("", "etcd: {}"),
    at: "cluster.etcd",
    why: "control planes only",
  },
  {
    name: "a worker with a shared address",
    text: worker("network: {interfaces: [{interface: eth0, vip: {ip: 10.0.0.9}}]}"),
    at: "machine.network.interfaces.0.vip",
    why: "control planes only",
  },
  {
    name: "a config that is not kept",
    text: controlPlane("", "", "persist: false"),
    at: "persist",
    why: "must be true",
  },
  {
    name: "an interface without a name",
    text: controlPlane("network: {interfaces: [{dhcp: true}]}"),
    at: "machine.network.interfaces.0",
    why: "interface or deviceSelector",
  },
  {
    name: "a bond that is a bridge",
    text: device("bond: {}, bridge: {}"),
    at: "machine.network.interfaces.0",
    why: "a bond and a bridge",
  },
  {
    name: "no address",
    text: device("addresses: [10.0.0]"),
    at: "machine.network.interfaces.0.addresses.0",
    why: "is no address",
  },
  {
    name: "a route to nowhere",
    text: device("routes: [{metric: 5}]"),
    at: "machine.network.interfaces.0.routes.0",
    why: "network or gateway",
  },
  {
    name: "LACP of another mode",
    text: device("bond: {mode: active-backup, lacpRate: fast}"),
    at: "machine.network.interfaces.0.bond.lacpRate",
    why: "is not for mode active-backup",
  },
  {
    name: "a delay that is no multiple",
    text: device("bond: {mode: 802.3ad, miimon: 100, updelay: 150}"),
    at: "machine.network.interfaces.0.bond.updelay",
    why: "multiple of miimon",
  },
  {
    name: "a short WireGuard key",
    text: device("wireguard: {privateKey: YWJj}"),
    at: "machine.network.interfaces.0.wireguard.privateKey",
    why: "32 bytes",
  },
  {
    name: "discovery without an id",
    text: controlPlane("", "discovery: {enabled: true}"),
    at: "cluster.id",
    why: "required by the discovery service",
  },
  {
    name: "an unknown CNI",
    text: controlPlane("", "network: {cni: {name: calico}}"),
    at: "cluster.network.cni.name",
    why: "one of flannel, custom, none",
  },
  {
    name: "a manifest twice",
    text: controlPlane("", "inlineManifests: [{name: a}, {name: a}]"),
    at: "cluster.inlineManifests.1.name",
    why: "already",
  },
  {
    name: "an unknown role",
    text: controlPlane("features: {kubernetesTalosAPIAccess: {enabled: true, allowedRoles: [root]}}"),
    at: "machine.features.kubernetesTalosAPIAccess.allowedRoles.0",
    why: "no role",
  },
  {
    name: "a label that is none",
    text: controlPlane('nodeLabels: {"a b": c}'),
    at: "machine.nodeLabels",
    why: "no label",
  },
  {
    name: "a taint that is none",
    text: controlPlane("nodeTaints: {a: b}"),
    at: "machine.nodeTaints",
    why: "no taint",
  },
  {
    name: "a log in another format",
    text: controlPlane('logging: {destinations: [{endpoint: "udp://1.2.3.4:5", format: xml}]}'),
    at: "machine.logging.destinations.0.format",
    why: "json_lines",
  },
  {
    name: "a kubelet that is told what the system tells it",
    text: controlPlane("kubelet: {extraConfig: {staticPodPath: /a}}"),
    at: "machine.kubelet.extraConfig.staticPodPath",
    why: "set by the system",
  },
  {
    name: "an authorizer of no known type",
    text: controlPlane("", "apiServer: {authorizationConfig: [{type: Dice, name: a}]}"),
    at: "cluster.apiServer.authorizationConfig.0.type",
    why: "one of Node, RBAC, Webhook",
  },
  {
    name: "two ways to authorize",
    text: controlPlane(
      "",
      "apiServer: {extraArgs: {authorization-mode: RBAC}, authorizationConfig: [{type: RBAC, name: a}]}",
    ),
    at: "cluster.apiServer.extraArgs.authorization-mode",
    why: "together with authorizationConfig",
  },
  {
    name: "a pod that asks for disks",
    text: controlPlane("", "scheduler: {resources: {requests: {disk: 1}}}"),
    at: "cluster.scheduler.resources.requests",
    why: "only cpu and memory",
  },
  {
    name: "etcd without its authority",
    text: controlPlane("", "etcd: {}"),
    at: "cluster.etcd.ca",
    why: "is required",
  },
  {
    name: "a link with an address that says nothing",
    text: document("LinkConfig", "name: a\naddresses: [{routePriority: 5}]"),
    at: "addresses.0.address",
    why: "is required",
  },
  {
    name: "a VLAN without its number",
    text: document("VLANConfig", "name: v\nparent: eth0"),
    at: "vlanID",
    why: "between 1 and 4094",
  },
  {
    name: "a VLAN without a parent",
    text: document("VLANConfig", "name: v\nvlanID: 7"),
    at: "parent",
    why: "is required",
  },
  { name: "a link without a name", text: document("LinkConfig", "mtu: 5"), at: "name", why: "is required" },
  {
    name: "two ways to a hostname",
    text: document("HostnameConfig", "auto: stable\nhostname: a"),
    at: "hostname",
    why: "together with auto",
  },
  {
    name: "no hostname",
    text: document("HostnameConfig", "auto: off"),
    at: "",
    why: "either auto or hostname",
  },
  {
    name: "two clocks",
    text: document("TimeSyncConfig", "ntp: {}\nptp: {}"),
    at: "ptp",
    why: "together with ntp",
  },
  {
    name: "a host that is no address",
    text: document("StaticHostConfig", "name: a\nhostnames: [b]"),
    at: "name",
    why: "IP address",
  },
  {
    name: "a volume of no disk",
    text: document("UserVolumeConfig", "name: a\nprovisioning: {minSize: 1GB}"),
    at: "provisioning.diskSelector",
    why: "is required",
  },
  {
    name: "a volume that is too small",
    text: document("VolumeConfig", "name: EPHEMERAL\nprovisioning: {minSize: 2GiB, maxSize: 1GiB}"),
    at: "provisioning.minSize",
    why: "greater than maxSize",
  },
  {
    name: "an unknown system volume",
    text: document("VolumeConfig", "name: DATA"),
    at: "name",
    why: "one of STATE",
  },
  {
    name: "STATE that is locked to itself",
    text: document(
      "VolumeConfig",
      "name: STATE\nencryption: {provider: luks2, keys: [{nodeID: {}, lockToState: true}]}",
    ),
    at: "encryption.keys",
    why: "locked to itself",
  },
  {
    name: "ports that overlap",
    text: document("NetworkRuleConfig", "name: a\nportSelector: {ports: [80, 70-90], protocol: tcp}"),
    at: "portSelector.ports",
    why: "overlaps",
  },
  {
    name: "a mirror without a scheme",
    text: document("RegistryMirrorConfig", "name: a\nendpoints: [{url: 'ftp://b'}]"),
    at: "endpoints.0.url",
    why: "http://",
  },
  {
    name: "two ways to log in",
    text: document("RegistryAuthConfig", "name: a\nusername: b\nauth: c"),
    at: "",
    why: "only one of",
  },
  {
    name: "a watchdog that barks at once",
    text: document("WatchdogTimerConfig", "device: /dev/watchdog0\ntimeout: 5s"),
    at: "timeout",
    why: "at least 10s",
  },
  {
    name: "a log to a file",
    text: document("KmsgLogConfig", "name: a\nurl: 'file:///x'"),
    at: "url",
    why: "tcp://",
  },
  {
    name: "a key of three bytes",
    text: document("WireguardConfig", "name: wg0\nprivateKey: YWJj"),
    at: "privateKey",
    why: "32 bytes",
  },
])("$name is a fault", ({ text, at, why }) => {
  const { errors } = validate(parseMachineConfig(text), "metal");
  expect(errors.map((error) => error.path)).toContain(at);
  expect(errors.find(({ path }) => path === at)?.why).toContain(why);
  expect(() => assertValid(parseMachineConfig(text), "metal")).toThrow("Cannot accept machine config: ");
});

test("a fault has the line of what it is about", () => {
  const text = document("VLANConfig", "name: v\nparent: eth0\nvlanID: 5000");
  const [error] = validate(parseMachineConfig(text), "metal").errors;
  expect(error).toEqual({ line: 5, column: 9, path: "vlanID", why: "must be between 1 and 4094" });
});

test("what is old is a warning", () => {
  const text = device("cidr: 10.0.0.1/24").replace("type: controlplane", "type: init");
  const { errors, warnings } = validate(parseMachineConfig(text), "metal");
  expect(errors).toEqual([]);
  expect(warnings.map(({ path }) => path)).toEqual(["machine.network.interfaces.0.cidr"]);
});

test("a container needs no disk, but its host's DNS", () => {
  const text = worker("").replace("install: {disk: /dev/sda},", "");
  expect(validate(parseMachineConfig(text), "cloud").errors).toEqual([]);
  expect(validate(parseMachineConfig(text), "container").errors.map(({ path }) => path)).toEqual([
    "machine.features.hostDNS.enabled",
    "machine.features.hostDNS.forwardKubeDNSToHost",
  ]);
});

test("a VLAN's kind gives its fields their types", () => {
  const config = parseMachineConfig(
    document("VLANConfig", "name: v\nvlanID: 7\nparent: eth0\nroutes: [{gateway: 10.0.0.1}]"),
  );
  const vlan = config.get(vlanConfig, "v");
  expect(vlan?.routes?.[0]?.gateway satisfies string | undefined).toBe("10.0.0.1");
});
