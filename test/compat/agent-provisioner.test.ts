// The two ends of agent.proto, each the real one: the kernel arguments that the provisioner hands out are read by the
// operating system's agent, which enrols, shows its inventory and wipes what a controller asked for.
import { createHash } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { WipeMethod, WipeResultSchema } from "../../api/gen/ingot/agent/v1/wipe_pb.js";
import { BootService, Stage } from "../../api/gen/ingot/boot/v1/boot_pb.js";
import { openChannel } from "../../api/grpc/channel.ts";
import { client } from "../../api/grpc/client.ts";
import { ClientTlsCredentials } from "../../api/grpc/client-tls.ts";
import { MemoryStore } from "../../cosi/stores/memory.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import { Agent, type AgentOptions } from "../../os/agent/agent.ts";
import { agentMode } from "../../os/agent/agent-arguments.ts";
import type { Execute, Outcome } from "../../os/agent/order-runner.ts";
import { parseKernelArguments } from "../../os/machined/kernel-arguments.ts";
import { Admission } from "../../provisioner/resources/admission.ts";
import { AgentOrder } from "../../provisioner/resources/agent-order.ts";
import { AgentReport } from "../../provisioner/resources/agent-report.ts";
import { BootStatus } from "../../provisioner/resources/boot-status.ts";
import { Inventory } from "../../provisioner/resources/inventory.ts";
import { Machine } from "../../provisioner/resources/machine.ts";
import { openProvisioner, type Provisioner } from "../../provisioner/serve.ts";
import { AssetShelf } from "../../provisioner/services/asset-shelf.ts";
import { formatKernelArguments } from "../../pxe-server/kernel-arguments.ts";

const uuid = "4c4c4544-0044-4310-8052-b4c04f564231";
const mac = "52:54:00:12:34:56";

let around: AsyncDisposableStack;
let provisioner: Provisioner;

beforeEach(async () => {
  around = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "ingot-agent-"));
  around.defer(() => rm(folder, { recursive: true }));
  const file = async (name: string) => {
    await writeFile(join(folder, name), name);
    return { sizeBytes: name.length, sha256: createHash("sha256").update(name).digest("hex") };
  };
  const kernel = { release: "6.12", ...(await file("vmlinuz")) };
  const manifest = { kernel, initramfs: await file("initramfs") };
  await writeFile(join(folder, "manifest.json"), JSON.stringify(manifest));
  provisioner = around.use(
    await openProvisioner({
      store: new MemoryStore(),
      clock: systemClock,
      random: () => 1,
      shelf: await AssetShelf.open({ images: [{ name: "default", folder }] }),
      listening: {
        places: [{ host: "127.0.0.1", port: 0 }],
        names: ["127.0.0.1"],
        hostFor: () => "127.0.0.1",
      },
      logFolder: join(folder, "logs"),
      log: () => {},
    }),
  );
});
afterEach(() => around.disposeAsync());

/** The kernel's command line of a machine that asks what to boot. */
async function commandLine(): Promise<string> {
  const { certificate, key } = await provisioner.segmentIdentity("rack-1");
  const credentials = new ClientTlsCredentials({
    authorities: provisioner.authority.certificate.pem,
    identity: { certificate: certificate.pem, key: key.pkcs8Pem },
  });
  using channel = openChannel({ address: `127.0.0.1:${provisioner.port}`, credentials });
  const { plan } = await client(BootService, channel).plan({
    client: { mac, uuid, serial: "SN" },
    stage: Stage.SCRIPT,
    bootId: "b1",
  });
  if (plan?.do.case !== "kernel") throw new Error(`told to ${plan?.do.case}: ${plan?.why}`);
  return formatKernelArguments(plan.do.value.arguments);
}

function startAgent(line: string, options: Partial<AgentOptions>) {
  const mode = agentMode(parseKernelArguments(line));
  if (mode.is !== "agent") throw new Error(`agent mode is ${mode.is}`);
  const nothing: Execute<unknown> = async () => ({ is: "succeeded" });
  const said: string[] = [];
  const stop = new AbortController();
  const running = new Agent({
    arguments: mode.arguments,
    version: "0.1.0",
    kernelBootId: "k1",
    clock: systemClock,
    random: () => 0,
    identity: async () => ({ uuid, serial: "SN", macs: [mac] }),
    uptimeMs: () => 5_000,
    residentBytes: () => 1,
    setClock: () => {},
    executors: {
      wipe: nothing,
      bmcAccount: nothing,
      reboot: nothing,
      powerOff: nothing,
      identify: nothing,
      test: nothing,
    },
    inventory: { read: async () => ({ gaps: ["all of it"] }), changed: () => new Promise(() => {}) },
    logs: { async *follow() {} },
    said: (_, text) => said.push(text),
    ...options,
  }).run(stop.signal);
  around.defer(async () => {
    stop.abort();
    await running;
  });
  return { said };
}

/** The first state of a resource that fits, now or later. */
async function until<Spec>(
  read: () => Promise<{ spec: Spec } | undefined>,
  fits: (spec: Spec) => boolean,
): Promise<Spec> {
  for (;;) {
    const found = await read();
    if (found && fits(found.spec)) return found.spec;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

describe("the agent and the provisioner", () => {
  test("meet by the kernel arguments, and the inventory arrives", async () => {
    startAgent(await commandLine(), {});
    const { state } = provisioner;
    expect(
      await until(
        () => state.find(Inventory, uuid),
        () => true,
      ),
    ).toMatchObject({ gaps: ["all of it"] });
    expect((await state.get(BootStatus, uuid)).spec).toMatchObject({ state: "agent", kernelBootId: "k1" });
  });

  test("carry out a wipe that a controller asked for, once", async () => {
    let wipes = 0;
    const wipe = async (): Promise<Outcome> => {
      wipes++;
      const value = create(WipeResultSchema, { disks: [{ disk: "d", method: WipeMethod.ZERO }] });
      return { is: "succeeded", result: { case: "wipe", value } };
    };
    const executors = { wipe } as unknown as AgentOptions["executors"];
    startAgent(await commandLine(), { executors });
    const { state } = provisioner;
    await until(
      () => state.find(Inventory, uuid),
      () => true,
    );
    // Of one that is not accepted no such order goes out.
    await state.update(Machine, uuid, ({ spec }) => ({
      spec: { ...spec, admission: { is: "accepted", by: "ann" } },
    }));
    await until(
      () => state.find(Admission, uuid),
      ({ state }) => state === "accepted",
    );
    await state.create(AgentOrder, "w1", {
      spec: {
        machine: uuid,
        kernelBootId: "k1",
        deadline: new Date(Date.now() + 60_000),
        why: "never wiped",
        cancelled: false,
        what: {
          is: "wipe",
          wipeId: 1,
          parallel: 0,
          disks: [
            {
              disk: "d",
              serial: "",
              wwid: "",
              sizeBytes: 0,
              methods: ["zero"],
              verifySamples: 1,
              evenIfSharedOrRemovable: false,
            },
          ],
        },
      },
    });
    const { outcome } = await until(
      () => state.find(AgentReport, "w1"),
      ({ outcome }) => outcome.state !== "running",
    );
    expect(outcome.state).toBe("succeeded");
    await state.destroy(AgentOrder, "w1");
    expect(wipes).toBe(1);
  });

  test("part when a token is shown a second time", async () => {
    const line = await commandLine();
    startAgent(line, {});
    await until(
      () => provisioner.state.find(Inventory, uuid),
      () => true,
    );
    const { said } = startAgent(line, {});
    while (!said.some((text) => text.includes("does not let this machine in")))
      await new Promise((resolve) => setImmediate(resolve));
    expect(said.join()).toMatch(/restart the machine from the network/);
  });
});
