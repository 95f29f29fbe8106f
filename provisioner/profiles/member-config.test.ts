import { expect, test } from "vitest";
import { createSecrets } from "../../machine-config/generate/secrets.ts";
import { parseMachineConfig } from "../../machine-config/machine-config.ts";
import { hostnameSettings } from "../../machine-config/settings/hostname.ts";
import { installSettings } from "../../machine-config/settings/install.ts";
import type { InventoryDisk } from "../resources/inventory.ts";
import { type Member, memberConfig } from "./member-config.ts";

const clock = { now: () => new Date("2026-01-01T00:00:00Z") };
const secrets = await createSecrets({ clock });
const disk: InventoryDisk = {
  id: "wwid-eui.01",
  device: "/dev/nvme0n1",
  model: "",
  serial: "S1",
  wwid: "eui.01",
  busPath: "",
  transport: "nvme",
  sizeBytes: 1e12,
  logicalSectorBytes: 512,
  physicalSectorBytes: 512,
  rotational: false,
  removable: false,
  readOnly: false,
  firmwareVersion: "",
  signatures: [],
};
const member: Member = {
  cluster: "ingot",
  as: "controlplane",
  endpoint: "https://10.1.0.100:6443",
  secrets,
  disk,
  name: "node-1",
  patches: [],
};

async function made(change: Partial<Member> = {}) {
  const config = await memberConfig({ ...member, ...change }, clock);
  if (config.is === "refused") throw new Error(config.why);
  return parseMachineConfig(config.text);
}

test("a node gets the secrets of its cluster, its disk and its name", async () => {
  const config = await made();
  expect(config.v1alpha1?.machine).toMatchObject({ type: "controlplane", ca: secrets.certs.os });
  expect(config.v1alpha1?.cluster).toMatchObject({
    clusterName: "ingot",
    id: secrets.cluster.id,
    controlPlane: { endpoint: "https://10.1.0.100:6443" },
  });
  expect(hostnameSettings(config)).toEqual({ source: "static", hostname: "node-1" });
  expect(installSettings(config)).toMatchObject({ disk: { by: "selector", selector: { wwid: "eui.01" } } });
});

test("a worker gets no key of any authority", async () => {
  const config = await made({ as: "worker" });
  expect(config.v1alpha1?.machine?.type).toBe("worker");
  for (const { key } of [secrets.certs.os, secrets.certs.k8s, secrets.certs.etcd])
    expect(config.text).not.toContain(key);
});

test.each<[string, Partial<InventoryDisk>, object]>([
  ["its serial number, where it has no wwid", { wwid: "" }, { by: "selector", selector: { serial: "S1" } }],
  [
    "its serial number, where its wwid is a pattern",
    { wwid: "t10.*" },
    { by: "selector", selector: { serial: "S1" } },
  ],
  ["its name, where it has neither", { wwid: "", serial: "" }, { by: "path", path: "/dev/nvme0n1" }],
])("a disk is told by %s", async (_, change, expected) => {
  const config = await made({ disk: { ...disk, ...change } });
  expect(installSettings(config)?.disk).toMatchObject(expected);
});

test("a name that can be no host's is left out", async () => {
  expect(hostnameSettings(await made({ name: "Rack 1/07" }))).toEqual({ source: "stable" });
});

test("patches go over what was made, one after the other", async () => {
  const patches = ["machine: { sysctls: { a: one, b: one } }", "machine: { sysctls: { b: two } }"];
  expect((await made({ patches })).v1alpha1?.machine).toMatchObject({ sysctls: { a: "one", b: "two" } });
});

test.each([
  ["that is no config", "machine: { colour: red }", /^a patch of its profile: .*colour/],
  ["that breaks a rule", "machine: { ca: { $patch: delete } }", /^its config would be wrong: .*ca/],
])("a patch %s is refused, and said why", async (_, patch, why) => {
  expect(await memberConfig({ ...member, patches: [patch] }, clock)).toEqual({
    is: "refused",
    why: expect.stringMatching(why),
  });
});
