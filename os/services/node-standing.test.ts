import { expect, test } from "vitest";
import { TestBench } from "../../cosi/engine/test-bench.ts";
import { generateConfigs } from "../../machine-config/generate/configs.ts";
import { createSecrets } from "../../machine-config/generate/secrets.ts";
import { MachineConfig } from "../resources/config/machine-config.ts";
import { HostnameStatus } from "../resources/network/names.ts";
import { NodeAddress } from "../resources/network/node.ts";
import { followStanding } from "./node-standing.ts";

async function node() {
  const { state, clock } = new TestBench();
  const secrets = await createSecrets({ clock });
  const plan = { clusterName: "one", endpoint: "https://10.0.0.1:6443", secrets, clock };
  const { controlPlane } = await generateConfigs({ ...plan, installDisk: "/dev/vda" });
  await state.create(MachineConfig, "v1alpha1", { spec: { yaml: controlPlane.text, from: "a test" } });
  await state.create(HostnameStatus, "hostname", { spec: { hostname: "node-1", domainname: "" } });
  await state.create(NodeAddress, "current", { spec: { addresses: ["10.0.0.1/24"] } });
  const rename = (hostname: string) =>
    state.update(HostnameStatus, "hostname", () => ({ spec: { hostname, domainname: "" } }));
  return { state, rename };
}

test("a node's standing is told whole, and again when something of it changes", async () => {
  const { state, rename } = await node();
  const stop = new AbortController();
  const told: string[] = [];
  const following = followStanding(
    state,
    async ({ names, identity }) => {
      told.push(`${identity?.type} ${names.dnsNames.join(" ")} ${names.ipAddresses.join(" ")}`);
      if (told.length === 1) await rename("node-2");
      else stop.abort();
    },
    stop.signal,
  );
  await following.catch(() => {});
  expect(told).toHaveLength(2);
  expect(told[0]).toMatch(/^controlplane .*node-1.* .*10\.0\.0\.1/);
  expect(told[1]).toMatch(/node-2/);
});

test("nothing is told any more when it could not be told once", async () => {
  const { state, rename } = await node();
  let times = 0;
  const following = followStanding(
    state,
    async () => {
      times += 1;
      throw new Error("the port is taken");
    },
    new AbortController().signal,
  );
  await expect(following).rejects.toThrow("the port is taken");
  await rename("node-2");
  await new Promise((resolve) => setImmediate(resolve));
  expect(times).toBe(1);
});
