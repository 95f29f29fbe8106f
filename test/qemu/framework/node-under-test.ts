// A machine with an installed system, as its operator sees it: its API, and what it says.
import { fromBinary } from "@bufbuild/protobuf";
import { expect } from "vitest";
import { z } from "zod";
import { ApplyConfigurationRequest_Mode as Mode } from "../../../api/gen/machine/configuration_pb.js";
import { TaskEventSchema } from "../../../api/gen/machine/events_pb.js";
import { MachineService } from "../../../api/gen/machine/machine_pb.js";
import type { Channel } from "../../../api/grpc/channel.ts";
import { type Client, client } from "../../../api/grpc/client.ts";
import { RemoteState } from "../../../cosi/grpc/remote-state.ts";
import { resourceType } from "../../../cosi/resource.ts";
import { type MachineConfig, parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { otherSlot, type Slot } from "../../../os/install/layout.ts";
import { MachineConfig as Config } from "../../../os/resources/config/machine-config.ts";
import { Upgrade } from "../../../os/resources/runtime/upgrade.ts";
import type { Role } from "../../../pki/roles.ts";
import type { Machine } from "./machine.ts";

const deadlineMs = 60_000;
/** Clients are given its text alone. */
const ServedConfig = resourceType({ type: Config.type, namespace: Config.namespace, spec: z.string() });

export class NodeUnderTest {
  readonly machine: Machine;
  readonly #connect: (role: Role) => Promise<Channel>;

  constructor(machine: Machine, connect: (role: Role) => Promise<Channel>) {
    this.machine = machine;
    this.#connect = connect;
  }

  /** How much it has said: what is waited for comes after. */
  async mark(): Promise<number> {
    return (await this.machine.console.text()).length;
  }

  async until(pattern: RegExp, after: number): Promise<void> {
    await this.machine.console.waitFor(pattern, { within: "operatingSystem", after });
  }

  /** Waits until it runs from a slot, and its API is up. */
  async runsFrom(slot: Slot, after: number): Promise<void> {
    // Each of them under its own deadline: a restart takes its time before anything of ours runs.
    await this.until(/ommand line: BOOT_IMAGE/, after);
    await this.until(new RegExp(`ingot: the system is on /dev/\\S+, slot ${slot}`), after);
    await this.until(/ingot: machine API: port 50000, mutual TLS/, after);
  }

  async as<T>(role: Role, use: (channel: Channel) => Promise<T>): Promise<T> {
    using channel = await this.#connect(role);
    return await use(channel);
  }

  /** Asks for an upgrade as clients before v1.13 do. */
  upgrade(image: string, { stage = false } = {}): Promise<void> {
    return this.#calls(async (calls) => {
      await calls.upgrade({ image, stage });
    });
  }

  /** Resolves when it runs from that slot, and keeps it. */
  async isUpgraded(slot: Slot, after: number): Promise<void> {
    await this.runsFrom(slot, after);
    await this.until(new RegExp(`ingot: slot ${slot} has proved itself`), after);
    expect(await this.lastUpgrade()).toMatchObject({ phase: "done", slot });
  }

  /** Resolves when it has tried that image, and is back from it in the slot that it had. */
  async comesBackFrom(image: string, { to, because }: { to: Slot; because: RegExp }): Promise<void> {
    const since = await this.mark();
    const tried = otherSlot(to);
    await this.upgrade(image);
    await this.until(/ingot: restart/, since);
    await this.until(new RegExp(`ommand line: .*ingot\\.slot=${tried}`), since);
    await this.until(new RegExp(`ingot: The upgrade to \\S+ was given up, and slot ${to} runs again`), since);
    await this.runsFrom(to, since);
    const last = await this.lastUpgrade();
    expect(last).toMatchObject({ phase: "failed", slot: tried, image });
    expect(last?.reason).toMatch(because);
  }

  rollback(): Promise<void> {
    return this.#calls(async (calls) => {
      await calls.rollback({});
    });
  }

  /** The config that it follows. */
  config(): Promise<MachineConfig> {
    return this.as("os:admin", async (channel) => {
      const state = new RemoteState({ channel, deadlineMs });
      return parseMachineConfig((await state.get(ServedConfig, "v1alpha1")).spec);
    });
  }

  /** Has it follow another one at once. */
  configure({ text }: MachineConfig): Promise<void> {
    return this.#calls(async (calls) => {
      await calls.applyConfiguration({ data: Buffer.from(text), mode: Mode.NO_REBOOT });
    });
  }

  textsOf(paths: readonly string[]): Promise<string[]> {
    return this.#calls((calls) =>
      Promise.all(
        paths.map(async (path) => {
          const chunks = await Array.fromAsync(calls.read({ path }, { deadlineMs }), ({ bytes }) => bytes);
          return Buffer.concat(chunks).toString();
        }),
      ),
    );
  }

  /** Erases the machine; answers the names of the tasks that it told of, until nobody could be told any more. */
  reset(): Promise<string[]> {
    return this.#calls(async (calls) => {
      const tasks: string[] = [];
      const events = calls.events({}, { deadlineMs: 120_000 });
      await events.next();
      const { messages } = await calls.reset({ graceful: true, reboot: true });
      try {
        for await (const { data, actorId } of events) {
          const isTask = data?.typeUrl === `talos/runtime/${TaskEventSchema.typeName}`;
          if (isTask && actorId === messages[0]?.actorId)
            tasks.push(fromBinary(TaskEventSchema, data.value).task);
        }
      } catch {
        // The machine went down.
      }
      return [...new Set(tasks)];
    });
  }

  async isOnTrial(): Promise<boolean> {
    return (await this.lastUpgrade())?.phase === "trial";
  }

  /** What it tells of its last upgrade. */
  lastUpgrade() {
    return this.as("os:reader", async (channel) => {
      const state = new RemoteState({ channel, deadlineMs });
      return (await state.find(Upgrade, "upgrade"))?.spec;
    });
  }

  #calls<T>(use: (calls: Client<typeof MachineService>) => Promise<T>): Promise<T> {
    return this.as("os:admin", (channel) => use(client(MachineService, channel, { deadlineMs })));
  }
}
