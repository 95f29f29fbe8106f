// Hostile configs and patches: each is read, or refused with a sentence of ours; what is read is written back as the
// same config, and patching it with nothing changes nothing.
import { isDeepStrictEqual } from "node:util";
import { mutated, randomFrom } from "../workshop/mutate.ts";
import { yamlText } from "./decode/syntax.ts";
import { type MachineConfig, parseMachineConfig } from "./machine-config.ts";
import { applyPatches, parsePatch } from "./patch/patch.ts";
import { validate } from "./validation.ts";

const seeds = [
  `# a control plane
version: v1alpha1
machine:
  type: controlplane # or worker
  token: abcdef.0123456789abcdef
  ca: {crt: YQ==, key: "Yg=="}
  certSANs: [10.0.0.1, 'b']
  network:
    hostname: &name node-1
    interfaces:
      - interface: eth0
        addresses: [10.0.0.2/24]
        vlans: [{vlanId: 5, dhcp: yes}]
      - deviceSelector: {driver: "virtio*"}
        bond: {mode: 802.3ad, interfaces: [a, b], lacpRate: fast}
  files:
    - content: |
        hello
          world
      permissions: 0o644
      path: /var/a
      op: create
  sysctls: {net.ipv4.ip_forward: 1}
  kubelet: {extraArgs: {a: [b, c], d: e}}
cluster:
  controlPlane: {endpoint: "https://10.0.0.1:6443"}
  network: {podSubnets: [10.244.0.0/16]}
  apiServer:
    admissionControl: [{name: PodSecurity, configuration: {defaults: {enforce: baseline}}}]
`,
  `apiVersion: v1alpha1
kind: BondConfig
name: bond0
links: [eth0, eth1]
bondMode: 802.3ad
miimon: 100
addresses: [{address: 10.0.0.1/24}]
---
apiVersion: v1alpha1
kind: UserVolumeConfig
name: data
provisioning: {diskSelector: {match: "disk.size > 1u"}, minSize: 10GiB, maxSize: 80%}
---
apiVersion: v1alpha1
kind: NetworkRuleConfig
name: api
portSelector: {ports: [80, 443-500], protocol: tcp}
ingress: [{subnet: 10.0.0.0/8}]
`,
];

const patches = [
  "machine: {certSANs: [c], network: {interfaces: [{interface: eth0, mtu: 9000, vlans: [{vlanId: 5, $patch: delete}]}]}}",
  "cluster: {apiServer: {$patch: delete}}\n---\napiVersion: v1alpha1\nkind: BondConfig\nname: bond0\n$patch: delete\n",
  '[{"op": "replace", "path": "/machine/token", "value": "x"}, {"op": "add", "path": "/machine/certSANs/-", "value": "z"}]',
  "apiVersion: v1alpha1\nkind: BondConfig\nname: bond0\nmiimon: 0\nlinks: [eth2]\n",
];

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (error instanceof Error && error.name === "InvalidMachineConfig") return undefined;
    throw error;
  }
}

const specs = ({ documents }: MachineConfig) => documents.map(({ spec }) => spec);

export function fuzz({ runs, seed, log }: { runs: number; seed: number; log: (line: string) => void }): void {
  const random = randomFrom(seed);
  const pick = <T>(items: readonly T[]) => items[Math.floor(random() * items.length)]!;
  const bytes = (texts: readonly string[]) => texts.map((text) => Buffer.from(text));
  const whole = seeds.map(parseMachineConfig);
  const count = { configs: 0, patched: 0 };

  for (const input of mutated(bytes(seeds), { runs: Math.ceil(runs / 2), seed })) {
    const text = Buffer.from(input).toString();
    const config = attempt(() => parseMachineConfig(text));
    if (!config) continue;
    count.configs += 1;
    validate(config, "metal");
    const again = parseMachineConfig(yamlText(config.documents.map(({ yaml }) => yaml)));
    if (!isDeepStrictEqual(specs(again), specs(config))) throw new Error(`not written back:\n${text}`);
    if (attempt(() => applyPatches(config, [parsePatch(pick(patches))]))) count.patched += 1;
  }
  for (const input of mutated(bytes(patches), { runs: Math.floor(runs / 2), seed })) {
    const text = Buffer.from(input).toString();
    const patched = attempt(() => applyPatches(pick(whole), [parsePatch(text)]));
    if (patched) count.patched += 1;
  }
  log(`read: ${count.configs} configs; patched: ${count.patched}`);
}
