import { describe, expect, test } from "vitest";
import { z } from "zod";
import type { ResourceType, SpecOf } from "../../cosi/resource.ts";
import { mapSecrets } from "../../cosi/secret.ts";
import { State } from "../../cosi/state.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { VirtualClock } from "../../cosi/virtual-clock.ts";
import { AcceptanceRule } from "./acceptance-rule.ts";
import { Admission } from "./admission.ts";
import { AgentOrder } from "./agent-order.ts";
import { AgentReport } from "./agent-report.ts";
import { allResources } from "./all.ts";
import { Assignment } from "./assignment.ts";
import { AuditEntry } from "./audit-entry.ts";
import { BmcConfig } from "./bmc-config.ts";
import { BootStatus } from "./boot-status.ts";
import { Cluster } from "./cluster.ts";
import { Event } from "./event.ts";
import { IdentityConflict } from "./identity-conflict.ts";
import { Image } from "./image.ts";
import { Installation } from "./installation.ts";
import { Inventory } from "./inventory.ts";
import { Machine } from "./machine.ts";
import { MachineStatus } from "./machine-status.ts";
import { NodeOrder } from "./node-order.ts";
import { PowerStatus } from "./power-status.ts";
import { Profile } from "./profile.ts";
import { Segment } from "./segment.ts";
import { SpentBootToken } from "./spent-boot-token.ts";
import { Task } from "./task.ts";
import { Token } from "./token.ts";
import { Trust } from "./trust.ts";
import { WipeCertificate } from "./wipe-certificate.ts";
import { WipeStatus } from "./wipe-status.ts";

const at = new Date("2026-01-01T00:00:00Z");
const sha256 = "ab".repeat(32);
const attempt = { wipeId: 1, attempt: 1, orderId: "m1/wipe/1/1", startedAt: at };
const identity = { uuid: "4c4c4544-0044-4310-8052-b4c04f564231", macs: ["52:54:00:12:34:56"] };

const pair = "{ crt: YQ==, key: YQ== }";
const bundle = `cluster: { id: a, secret: YQ== }
secrets: { bootstraptoken: abcdef.0123456789abcdef }
trustdinfo: { token: abcdef.0123456789abcdef }
certs: { etcd: ${pair}, k8s: ${pair}, k8saggregator: ${pair}, os: ${pair}, k8sserviceaccount: { key: YQ== } }
`;

const sample = <Type extends ResourceType>(type: Type, ...specs: readonly SpecOf<Type>[]) => ({
  type: type as ResourceType,
  specs: specs as readonly unknown[],
});

const samples = [
  sample(
    Machine,
    { identity, admission: { is: "byRule" }, wipeId: 1, retryId: 0, power: "automatic", boot: {} },
    {
      name: "rack1-07",
      identity: { macs: [] },
      admission: { is: "rejected", by: "ann", why: "not ours" },
      wipeId: 4,
      retryId: 1,
      power: "off",
      cordon: { why: "new DIMMs", by: "ann" },
      boot: { loader: "ipxe", diskMethod: "sanboot", paceBytesPerSecond: 1_000_000 },
    },
  ),
  sample(
    Admission,
    { state: "waiting", why: "no rule matches" },
    { state: "accepted", by: "x", why: "y", at },
  ),
  sample(
    MachineStatus,
    {
      stage: "failed",
      why: "its wipe failed",
      since: at,
      progress: { is: "gaveUp", at, step: "wiping", why: "sda: medium error", retryId: 0 },
    },
    {
      stage: "pool",
      why: "idle",
      since: at,
      progress: { is: "onTime", deadline: at, retries: 0 },
    },
  ),
  sample(IdentityConflict, { claims: [{ identity, seenAt: at, why: "the same UUID on other boards" }] }),
  sample(Inventory, {
    at,
    system: {
      manufacturer: "QEMU",
      product: "Standard PC",
      version: "",
      serial: "",
      uuid: "",
      sku: "",
      family: "",
      assetTag: "",
      boardManufacturer: "",
      boardProduct: "",
      boardSerial: "",
      chassisSerial: "",
    },
    firmware: { mode: "uefi", vendor: "", version: "", date: "", secureBoot: false },
    processors: [],
    memory: [],
    disks: [],
    networkInterfaces: [],
    pciDevices: [],
    gaps: ["no SMBIOS"],
  }),
  sample(BmcConfig, {
    address: "192.0.2.7",
    driver: "automatic",
    user: "ingot",
    password: "opensesame",
    tls: { verify: "fingerprint", sha256 },
    origin: "made",
  }),
  sample(
    PowerStatus,
    { power: "on", since: at, readAt: at, order: { power: "on", at, tries: 1, why: "assigned", toldAt: at } },
    { power: "unknown", since: at, why: "no answer" },
  ),
  sample(
    BootStatus,
    { state: "booting", bootId: "b", step: "scripted", plan: "agent", why: "never wiped", since: at, at },
    { state: "agentLost", kernelBootId: "k", since: at, why: "silent" },
  ),
  sample(Installation, { wipeId: 1, evidence: "nodeApi", at, node: { is: "ready", since: at } }),
  sample(
    WipeStatus,
    {
      wipedAt: 0,
      run: {
        state: "running",
        ...attempt,
        kernelBootId: "k",
        deadline: at,
        progress: [{ disk: "nvme0", step: "erasing", doneBytes: 1, totalBytes: 2 }],
      },
    },
    {
      wipedAt: 0,
      run: {
        state: "failed",
        ...attempt,
        endedAt: at,
        why: "1 of 1 disks: medium error",
        disks: [{ disk: "nvme0", failure: "medium error" }],
      },
    },
    { wipedAt: 1, run: { state: "done", ...attempt, endedAt: at, disks: [{ disk: "nvme0" }] } },
  ),
  sample(WipeCertificate, {
    machine: "m1",
    wipeId: 1,
    disk: "nvme0",
    model: "m",
    serial: "s",
    wwid: "w",
    sizeBytes: 1,
    method: "nvmeSanitizeBlock",
    startedAt: at,
    endedAt: at,
    takenApart: ["md127 (raid1)"],
    verifiedSamples: 64,
    agentVersion: "0.1.0",
  }),
  sample(AcceptanceRule, {
    order: 10,
    verdict: "accept",
    when: [{ field: "system.manufacturer", is: "like", pattern: "Dell*" }],
    wipeMethods: ["nvmeSanitizeCryptographic", "fast"],
  }),
  sample(
    Profile,
    {
      boots: { what: "ingot", image: "ingot-0.1", arguments: [{ name: "console", value: "ttyS0,115200" }] },
      config: { template: "machine: {}" },
      installDisk: { transport: "nvme", atLeastBytes: 1e11 },
      installedBy: { evidence: "nodeApi" },
    },
    {
      boots: { what: "chain", url: "https://factory.example/pxe/abc/v1.13.0/metal-amd64" },
      installDisk: {},
      installedBy: { evidence: "phoneHome" },
    },
    {
      boots: { what: "ingot", image: "default", arguments: [] },
      memberOf: {
        cluster: "ingot",
        as: "worker",
        endpoint: "https://10.0.0.1:6443",
        patches: ["debug: true"],
      },
      installDisk: {},
      installedBy: { evidence: "nodeApi" },
    },
  ),
  sample(
    NodeOrder,
    { what: "reset", wipeId: 2, state: "told", at, why: "" },
    { what: "upgrade", upgradeId: 1, image: "http://a/", state: "restarting", at, bootId: "b", why: "" },
  ),
  sample(Cluster, { secrets: bundle, madeAt: at }),
  sample(
    AgentOrder,
    {
      machine: "m1",
      kernelBootId: "k",
      deadline: at,
      why: "never wiped",
      cancelled: false,
      what: {
        is: "wipe",
        wipeId: 1,
        parallel: 0,
        disks: [
          {
            disk: "nvme0",
            serial: "s",
            wwid: "w",
            sizeBytes: 1,
            methods: ["fast"],
            verifySamples: 64,
            evenIfSharedOrRemovable: false,
          },
        ],
      },
    },
    {
      machine: "m1",
      kernelBootId: "k",
      deadline: at,
      why: "no account on its BMC",
      cancelled: false,
      what: {
        is: "bmcAccount",
        user: "ingot",
        password: "opensesame",
        privilege: "administrator",
        onlyLook: false,
      },
    },
  ),
  sample(
    AgentReport,
    {
      machine: "m1",
      number: 3,
      at,
      outcome: {
        state: "running",
        doing: "erasing nvme0",
        progress: { of: "wipe", disks: [{ disk: "nvme0", step: "erasing", doneBytes: 1, totalBytes: 2 }] },
      },
    },
    { machine: "m1", number: 4, at, outcome: { state: "lost", why: "it was reset" } },
  ),
  sample(Assignment, { profile: "worker", how: "install", wipeId: 1 }),
  sample(Segment, {
    version: "0.1.0",
    interfaces: [{ name: "eth1", addresses: ["192.0.2.1"], dhcp: "proxy" }],
    startedAt: at,
    seenAt: at,
  }),
  sample(Image, {
    release: "6.12",
    profile: "metal",
    assets: [{ part: "kernel", file: "vmlinuz", sizeBytes: 1, sha256 }],
  }),
  sample(SpentBootToken, { machine: "m1", spentAt: at, request: "00", expiresAt: at }),
  sample(Trust, { certificate: "a certificate", fingerprint: sha256, key: "its key", bootTokenKey: "a key" }),
  sample(Task, {
    what: "backup",
    by: "ann",
    askedAt: at,
    run: { state: "running", startedAt: at, doing: "copying", done: 1, of: 2 },
  }),
  sample(Event, {
    at,
    firstAt: at,
    count: 1,
    severity: "info",
    kind: "stage",
    what: "accepted",
    machine: "m1",
  }),
  sample(AuditEntry, {
    at,
    who: "ann",
    role: "operator",
    address: "192.0.2.9",
    requestId: "r",
    action: "accept",
    target: "machines/m1",
    outcome: { is: "refused", why: "it was rejected" },
  }),
  sample(Token, {
    name: "ci",
    role: "reader",
    sha256,
    scope: { rack: "r1" },
    createdAt: at,
    createdBy: "ann",
    expiresAt: at,
  }),
];

describe.each(samples)("$type.type", ({ type, specs }) => {
  test("are kept by a store as they are", async () => {
    const clock = new VirtualClock({ start: at });
    const state = new State({ store: new MemoryStore(), clock });
    for (const [index, spec] of specs.entries()) {
      await state.create(type, `m${index}`, { spec });
      expect((await state.get(type, `m${index}`)).spec).toEqual(spec);
    }
  });

  test("have columns of which one of the samples shows each", () => {
    const shown = specs.map((spec) => z.encode(type.spec, spec));
    const value = (json: unknown, path: string) =>
      path
        .slice(2, -1)
        .split(".")
        .reduce<unknown>((at, name) => (at as Record<string, unknown> | undefined)?.[name], json);
    for (const path of Object.values(type.columns)) {
      expect(
        shown.map((json) => value(json, path)).filter((found) => found !== undefined),
        path,
      ).not.toEqual([]);
    }
  });
});

test("no two types share a name that people type", () => {
  const names = samples.flatMap(({ type }) => [type.type, ...type.aliases]);
  expect(names.toSorted()).toEqual([...new Set(names)].toSorted());
});

test("a state carries only its own facts", () => {
  const accepted = { state: "waiting", why: "no rule", by: "ann" };
  expect(Admission.spec.safeParse(accepted).success).toBe(false);
});

test("the only secrets are passwords of BMCs, those of clusters and our own keys, and their whole types are for administrators", () => {
  const secrets = samples.flatMap(({ type, specs }) =>
    specs.flatMap((spec) => {
      const found: string[] = [];
      mapSecrets(type.spec, z.encode(type.spec, spec) as never, (value, path) => {
        found.push(`${type.type} ${path.join(".")}`);
        return value;
      });
      return found;
    }),
  );
  expect(secrets.toSorted()).toEqual([
    "AgentOrders.ingot.dev what.password",
    "BmcConfigs.ingot.dev password",
    "Clusters.ingot.dev secrets",
    "Trusts.ingot.dev bootTokenKey",
    "Trusts.ingot.dev key",
  ]);
  const types = [BmcConfig, Cluster, AgentOrder, Trust];
  expect(types.map(({ sensitive }) => sensitive)).toEqual([true, true, true, true]);
});

test("every resource has a sample here", () => {
  expect(
    allResources.filter((type) => !samples.some((it) => it.type === type)).map(({ type }) => type),
  ).toEqual([]);
  expect(samples.length).toBe(allResources.length);
});
