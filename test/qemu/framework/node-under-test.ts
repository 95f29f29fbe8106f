// A machine with an installed system, as its operator sees it: its API, and what it says.
import { fromBinary } from "@bufbuild/protobuf";
import { TaskEventSchema } from "../../../api/gen/machine/events_pb.js";
import { MachineService } from "../../../api/gen/machine/machine_pb.js";
import type { Channel } from "../../../api/grpc/channel.ts";
import { client } from "../../../api/grpc/client.ts";
import { RemoteState } from "../../../cosi/grpc/remote-state.ts";
import type { createSecrets } from "../../../machine-config/generate/secrets.ts";
import { Upgrade } from "../../../os/resources/runtime/upgrade.ts";
import type { Machine } from "./machine.ts";
import { connectTo } from "./node-client.ts";

export class NodeUnderTest {
  readonly machine: Machine;
  readonly #address: string;
  readonly #secrets: Awaited<ReturnType<typeof createSecrets>>;

  constructor(machine: Machine, address: string, secrets: Awaited<ReturnType<typeof createSecrets>>) {
    this.machine = machine;
    this.#address = address;
    this.#secrets = secrets;
  }

  /** How much it has said: what is waited for comes after. */
  async mark(): Promise<number> {
    return (await this.machine.console.text()).length;
  }

  async until(pattern: RegExp, after: number): Promise<void> {
    await this.machine.console.waitFor(pattern, { within: "operatingSystem", after });
  }

  /** Waits until it runs from a slot, and its API is up. */
  async runsFrom(slot: "a" | "b", after: number): Promise<void> {
    // Each of them under its own deadline: a restart takes its time before anything of ours runs.
    await this.until(/ommand line: BOOT_IMAGE/, after);
    await this.until(new RegExp(`ingot: the system is on /dev/\\S+, slot ${slot}`), after);
    await this.until(/ingot: machine API: port 50000, mutual TLS/, after);
  }

  async as<T>(role: string, use: (channel: Channel) => Promise<T>): Promise<T> {
    using channel = await connectTo(this.#address, this.#secrets, role);
    return await use(channel);
  }

  /** Asks for an upgrade as clients before v1.13 do; answers whose events tell of it. */
  upgrade(image: string, { stage = false } = {}): Promise<string> {
    return this.as("os:admin", async (channel) => {
      const calls = client(MachineService, channel, { deadlineMs: 60_000 });
      const { messages } = await calls.upgrade({ image, stage });
      return messages[0]?.actorId ?? "";
    });
  }

  rollback(): Promise<void> {
    return this.as("os:admin", async (channel) => {
      await client(MachineService, channel, { deadlineMs: 60_000 }).rollback({});
    });
  }

  /** Erases the machine; answers the names of the tasks that it told of, until nobody could be told any more. */
  reset(): Promise<string[]> {
    return this.as("os:admin", async (channel) => {
      const calls = client(MachineService, channel, { deadlineMs: 60_000 });
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
      const state = new RemoteState({ channel, deadlineMs: 60_000 });
      return (await state.find(Upgrade, "upgrade"))?.spec;
    });
  }
}
