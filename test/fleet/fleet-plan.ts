// What people ask for a fleet: who the machines are, what they shall be, and when all of that has come to pass.
import type { State } from "../../cosi/state.ts";
import { Assignment } from "../../provisioner/resources/assignment.ts";
import { BmcConfig } from "../../provisioner/resources/bmc-config.ts";
import { Machine } from "../../provisioner/resources/machine.ts";
import { MachineStatus } from "../../provisioner/resources/machine-status.ts";
import { PowerStatus } from "../../provisioner/resources/power-status.ts";
import { Profile } from "../../provisioner/resources/profile.ts";
import type { Stage } from "../../provisioner/resources/stages.ts";
import type { FleetMachine } from "./fleet-machine.ts";
import type { FleetSite } from "./fleet-site.ts";

export const profileName = "fleet";

/** Makes the machines known, accepted, with the accounts to their BMCs: the provisioner turns them on by itself. */
export async function register(
  state: State,
  { bmcPorts }: FleetSite,
  machines: readonly FleetMachine[],
): Promise<void> {
  await inBatches(0, machines.length, async (at) => {
    const { index, id, identity } = machines[at]!;
    await state.create(BmcConfig, id, {
      spec: {
        address: "127.0.0.1",
        port: bmcPorts[index],
        driver: "ipmi",
        user: "admin",
        password: "secret",
        tls: { verify: "off" },
        origin: "given",
      },
    });
    await state.create(Machine, id, {
      labels: { rack: `r${index % 40}` },
      spec: {
        identity: { uuid: identity.uuid, serial: identity.serial, macs: [...identity.macs] },
        admission: { is: "accepted", by: "ann" },
        wipeId: 1,
        retryId: 0,
        power: "automatic",
        boot: {},
      },
    });
  });
}

export async function makeProfile(state: State): Promise<void> {
  await state.create(Profile, profileName, {
    spec: {
      boots: {
        what: "kernel",
        kernel: "vmlinuz",
        initrds: ["initramfs"],
        arguments: [{ name: "talos.config", value: "{{provisioner.config}}" }],
      },
      config: { template: "host: {{machine.id}}\nphoneHome: {{provisioner.phoneHome}}\n" },
      installDisk: {},
      installedBy: { evidence: "phoneHome" },
    },
  });
}

/** Several at a time: writes that wait together are committed together. */
export async function inBatches(
  first: number,
  count: number,
  make: (index: number) => Promise<void>,
): Promise<void> {
  const size = 100;
  for (let begin = first; begin < first + count; begin += size) {
    const many = Math.min(size, first + count - begin);
    await Promise.all(Array.from({ length: many }, (_, at) => make(begin + at)));
  }
}

export const assign = (state: State, { id }: FleetMachine) =>
  state.create(
    Assignment,
    id,
    { spec: { profile: profileName, how: "install", wipeId: 1 } },
    { finalizers: ["Release"] },
  );

/** Follows the stages of the machines; resolves when all of them are where they shall be. */
export async function follow(
  state: State,
  machines: readonly FleetMachine[],
  {
    goal,
    onStage,
    signal,
  }: {
    readonly goal: (machine: FleetMachine) => Stage;
    readonly onStage?: (machine: FleetMachine, stage: Stage) => void;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const byId = new Map(machines.map((machine) => [machine.id, machine]));
  const stages = new Map<string, Stage>();
  const missing = new Set(byId.keys());
  for await (const events of state.watch(MachineStatus, { signal })) {
    for (const event of events) {
      if (event.type === "bootstrapped" || event.type === "destroyed") continue;
      const { id } = event.resource.metadata;
      const machine = byId.get(id);
      const { stage } = event.resource.spec;
      if (!machine || stages.get(id) === stage) continue;
      stages.set(id, stage);
      onStage?.(machine, stage);
      if (stage === goal(machine)) missing.delete(id);
      else missing.add(id);
    }
    if (missing.size === 0) return;
  }
  const left = [...missing].map((id) => `${byId.get(id)!.index}: ${stages.get(id)}`);
  throw new Error(`${missing.size} machines did not get where they should: ${left.slice(0, 20).join(", ")}`);
}

/** Resolves when the provisioner has read from their BMCs that they are off. */
export async function darkness(
  state: State,
  machines: readonly FleetMachine[],
  signal: AbortSignal,
): Promise<void> {
  const lit = new Set(machines.map(({ id }) => id));
  for await (const events of state.watch(PowerStatus, { signal })) {
    for (const event of events) {
      if (event.type === "bootstrapped") continue;
      if (event.type !== "destroyed" && event.resource.spec.power === "off") {
        lit.delete(event.resource.metadata.id);
      }
    }
    if (lit.size === 0) return;
  }
  throw new Error(`${lit.size} machines of the pool are not off`);
}
