// A machine that runs from memory with the config that it was given over its API: all of a node but its disk.
import { ApplyConfigurationRequest_Mode as Mode } from "../../../api/gen/machine/configuration_pb.js";
import { MachineService } from "../../../api/gen/machine/machine_pb.js";
import { type Channel, openChannel } from "../../../api/grpc/channel.ts";
import { type Client, client } from "../../../api/grpc/client.ts";
import { UnverifiedTlsCredentials } from "../../../api/grpc/unverified-tls.ts";
import { RemoteState } from "../../../cosi/grpc/remote-state.ts";
import type { ResourceType, SpecOf } from "../../../cosi/resource.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import { generateConfigs } from "../../../machine-config/generate/configs.ts";
import { createSecrets } from "../../../machine-config/generate/secrets.ts";
import { type MachineConfig, parseMachineConfig } from "../../../machine-config/machine-config.ts";
import { applyPatches, parsePatch } from "../../../machine-config/patch/patch.ts";
import type { Image } from "../../../os/image/build.ts";
import type { MachineDescription } from "./description.ts";
import { guestArguments } from "./guest-arguments.ts";
import { Machine } from "./machine.ts";
import type { Network } from "./network.ts";
import { connectTo } from "./node-client.ts";
import type { RunDirectory } from "./run-directory.ts";

const deadlineMs = 60_000;

export interface NodeInMemoryOptions {
  readonly image: Image;
  readonly description: MachineDescription;
  readonly network: Network;
  readonly directory: RunDirectory;
  /** On the first card, of a network of 256. */
  readonly address: string;
  readonly gateway: string;
  /** Over a control plane's config. */
  readonly patch: string;
}

export class NodeInMemory implements AsyncDisposable {
  readonly machine: Machine;
  readonly calls: Client<typeof MachineService>;
  /** Without the patch that it was begun with. */
  readonly generated: MachineConfig;
  readonly #admin: Channel;
  readonly #state: RemoteState;

  private constructor(machine: Machine, generated: MachineConfig, admin: Channel) {
    this.machine = machine;
    this.generated = generated;
    this.#admin = admin;
    this.calls = client(MachineService, admin, { deadlineMs });
    this.#state = new RemoteState({ channel: admin, deadlineMs });
  }

  static async open(options: NodeInMemoryOptions): Promise<NodeInMemory> {
    const { image, description, network, directory, address, gateway, patch } = options;
    const secrets = await createSecrets({ clock: systemClock });
    const { controlPlane } = await generateConfigs({
      ...{ clusterName: "lab", endpoint: `https://${address}:6443`, secrets, clock: systemClock },
      installDisk: "/dev/vda",
    });
    const generated = parseMachineConfig(controlPlane.text);
    await using around = new AsyncDisposableStack();
    const machine = around.use(new Machine(description, network, directory));
    const ip = `ip=${address}::${gateway}:255.255.255.0:node-1:eth0:off`;
    const words = [...guestArguments, "printk.devkmsg=on", "panic=1", ip].join(" ");
    await machine.powerOn({ kernel: image.kernel, initramfs: image.initramfs, arguments: words });
    const within = "operatingSystem" as const;
    await machine.console.waitFor(/machine API: port 50000, open to anyone/, { within });
    const said = await machine.console.text();
    const fingerprint = /fingerprint of the maintenance certificate: (\S+)/.exec(said)![1]!;
    {
      const credentials = new UnverifiedTlsCredentials([fingerprint]);
      using anyone = openChannel({ address: `${address}:50000`, credentials });
      const data = Buffer.from(applyPatches(generated, [parsePatch(patch)]).text);
      await client(MachineService, anyone, { deadlineMs }).applyConfiguration({ data, mode: Mode.AUTO });
    }
    await machine.console.waitFor(/machine API: port 50000, mutual TLS/, { within });
    const admin = await connectTo(`${address}:50000`, secrets, "os:admin");
    around.move();
    return new NodeInMemory(machine, generated, admin);
  }

  /** Resolves to the time when the resource is as it shall be. */
  async until<Type extends ResourceType>(
    type: Type,
    id: string,
    fits: (spec: SpecOf<Type>) => boolean,
  ): Promise<number> {
    const stop = new AbortController();
    const signal = AbortSignal.any([stop.signal, AbortSignal.timeout(deadlineMs)]);
    for await (const events of this.#state.watch(type, { id, signal })) {
      for (const event of events) {
        if (event.type !== "created" && event.type !== "updated") continue;
        if (!fits(event.resource.spec)) continue;
        stop.abort();
        return performance.now();
      }
    }
    throw new Error(`Cannot see ${type.type} ${id} become what it shall be`);
  }

  async textOf(path: string): Promise<string> {
    const chunks = await Array.fromAsync(this.calls.read({ path }, { deadlineMs }), ({ bytes }) => bytes);
    return Buffer.concat(chunks).toString();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#admin[Symbol.dispose]();
    await this.machine[Symbol.asyncDispose]();
  }
}
