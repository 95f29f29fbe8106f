// What people ask for a fleet: who the machines are, what they shall be, and when all of that has come to pass.
import type { State } from "../../cosi/state.ts";
import { machineHolds } from "../../provisioner/controllers/machine-holds.ts";
import { Assignment } from "../../provisioner/resources/assignment.ts";
import { BmcConfig } from "../../provisioner/resources/bmc-config.ts";
import { Machine } from "../../provisioner/resources/machine.ts";
import { MachineStatus } from "../../provisioner/resources/machine-status.ts";
import { PowerStatus } from "../../provisioner/resources/power-status.ts";
import { Profile } from "../../provisioner/resources/profile.ts";
import type { Stage } from "../../provisioner/resources/stages.ts";
import { fleetIdentity } from "./fleet-inventory.ts";
import type { FleetMember } from "./rack/messages.ts";

export const profileName = "fleet";

/** As `ingot machines import` makes it: accepted, and held by its controllers from the start. */
export async function makeMachine(state: State, index: number): Promise<void> {
  const { uuid, serial, macs } = fleetIdentity(index);
  await state.create(
    Machine,
    uuid,
    {
      labels: { rack: `r${index % 40}` },
      spec: {
        identity: { uuid, serial, macs: [...macs] },
        admission: { is: "accepted", by: "ann" },
        wipeId: 1,
        retryId: 0,
        power: "automatic",
        boot: {},
      },
    },
    { finalizers: machineHolds },
  );
}

/** Gives the accounts to their BMCs: the provisioner turns them on by itself. */
export async function connect(state: State, members: readonly FleetMember[]): Promise<void> {
  await inBatches(0, members.length, async (at) => {
    const { id, bmcPort } = members[at]!;
    await state.create(BmcConfig, id, {
      spec: {
        address: "127.0.0.1",
        port: bmcPort,
        driver: "ipmi",
        user: "admin",
        password: "secret",
        tls: { verify: "off" },
        origin: "given",
      },
    });
  });
}

export async function register(state: State, members: readonly FleetMember[]): Promise<void> {
  await inBatches(0, members.length, (at) => makeMachine(state, members[at]!.index));
  await connect(state, members);
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

export const assign = (state: State, { id }: Named) =>
  state.create(
    Assignment,
    id,
    { spec: { profile: profileName, how: "install", wipeId: 1 } },
    { finalizers: ["Release"] },
  );

type Named = Pick<FleetMember, "id" | "index">;

/** Follows the stages of the machines; resolves when all of them are where they shall be. */
export async function follow<Machine extends Named>(
  state: State,
  machines: readonly Machine[],
  {
    goal,
    onStage,
    signal,
  }: {
    readonly goal: (machine: Machine) => Stage;
    readonly onStage?: (machine: Machine, stage: Stage) => void;
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
  machines: readonly Pick<Named, "id">[],
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
