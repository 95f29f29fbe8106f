// What the provisioner tells a node to do with itself, as an administrator of its cluster.
import { parse } from "yaml";
import * as z from "zod";
import { State as StateService } from "../../api/gen/cosi/state_pb.js";
import { LifecycleService } from "../../api/gen/machine/lifecycle_pb.js";
import { MachineService } from "../../api/gen/machine/machine_pb.js";
import { ResetRequest_WipeMode as WipeMode } from "../../api/gen/machine/power_pb.js";
import type { Channel } from "../../api/grpc/channel.ts";
import { client } from "../../api/grpc/client.ts";
import { GrpcError } from "../../api/grpc/error.ts";
import { role } from "../../pki/roles.ts";
import type { NodeCommands, NodePlace } from "../controllers/node-command-controller.ts";
import type { NodeClients } from "./node-clients.ts";

const patienceMs = 10_000;
const lookMs = 3_000;

/** `imageAt`: where a node at that address finds an image, which may be named as profiles name it. */
export function commandNode(
  clients: NodeClients,
  imageAt: (address: string, image: string) => string,
): NodeCommands {
  const admin = async ({ cluster, address }: NodePlace): Promise<Channel> => {
    const channel = await clients.channel(cluster, address, role.admin);
    if (!channel) throw new Error(`Cannot reach ${address}: its cluster ${cluster} has no secrets yet`);
    return channel;
  };
  return {
    async reset(place, signal) {
      const machine = client(MachineService, await admin(place));
      const request = { graceful: false, reboot: true, mode: WipeMode.SYSTEM_DISK };
      await machine.reset(request, { deadlineMs: patienceMs, signal });
    },

    async answers(place, signal) {
      try {
        await client(MachineService, await admin(place)).version({}, { deadlineMs: lookMs, signal });
        return true;
      } catch (error) {
        signal.throwIfAborted();
        return error instanceof GrpcError && !["unavailable", "deadlineExceeded"].includes(error.code);
      }
    },

    async upgrade(place, image, signal) {
      const channel = await admin(place);
      const imageName = imageAt(place.address, image);
      let said = "it ended without a word";
      let exitCode = -1;
      const answers = client(LifecycleService, channel).upgrade({ source: { imageName } }, { signal });
      for await (const { progress } of answers) {
        if (progress?.response.case === "message") said = progress.response.value;
        if (progress?.response.case === "exitCode") exitCode = progress.response.value;
      }
      if (exitCode !== 0) throw new Error(`Cannot write ${imageName}: ${said}`);
      await client(MachineService, channel).reboot({}, { deadlineMs: patienceMs, signal });
    },

    async upgradeOutcome(place, signal) {
      const key = { namespace: "runtime", type: "Upgrades.runtime.ingot.dev", id: "upgrade" };
      try {
        const { resource } = await client(StateService, await admin(place)).get(key, {
          deadlineMs: patienceMs,
          signal,
        });
        return outcome.parse(parse(resource?.spec?.yamlSpec ?? ""));
      } catch (error) {
        // It has nothing to tell, or is none of ours.
        if (error instanceof GrpcError && ["notFound", "permissionDenied"].includes(error.code))
          return undefined;
        throw error;
      }
    },
  };
}

const outcome = z.looseObject({ phase: z.enum(["trial", "done", "failed"]), reason: z.string().default("") });
