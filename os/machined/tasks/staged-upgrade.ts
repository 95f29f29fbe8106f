import { once } from "node:events";
import { SystemDisk } from "../../resources/block.ts";
import { NetworkStatus } from "../../resources/network/node.ts";
import type { Context } from "../context.ts";
import type { Phase } from "../phases.ts";

const networkPatienceMs = 3 * 60_000;

/** Carries out what was put off to this boot, before anything else runs that it could disturb. */
export const stagedUpgrade: Phase<Context> = {
  name: "stagedUpgrade",
  when: async (context) => (await stagedImage(context)) !== undefined,
  tasks: [
    {
      name: "stagedUpgrade",
      async run(context, signal) {
        const { log, end } = context;
        const staged = await stagedImage(context);
        if (!staged) return;
        const { image, disk } = staged;
        // Whatever becomes of it, it is not tried again: the machine would do nothing else.
        await staged.take();
        log.write("info", `upgrade: ${image} was staged`);
        const { openInstallation } = await import("./open-installation.ts");
        const { writeSystem } = await openInstallation(context, disk, signal);
        try {
          await networkOf(context, AbortSignal.any([signal, AbortSignal.timeout(networkPatienceMs)]));
          await writeSystem(image, { said: (text) => log.write("info", `upgrade: ${text}`), signal });
        } catch (error) {
          signal.throwIfAborted();
          return log.write("error", `Cannot do the staged upgrade: ${String(error)}`);
        }
        end("restart");
        // Nothing else begins in a machine that goes down.
        if (!signal.aborted) await once(signal, "abort");
      },
    },
  ],
};

async function stagedImage(context: Context) {
  const disk = (await context.state.find(SystemDisk, "system-disk"))?.spec;
  if (!disk || disk.slot === "") return undefined;
  const { slot } = disk;
  // Not at the top: a machine that is not installed does not pay for it.
  const { InstalledSystem, partitionsOf } = await import("../../install/installed-system.ts");
  const system = new InstalledSystem(partitionsOf(disk.devPath), slot);
  const image = await system.stagedUpgrade();
  if (image === undefined) return undefined;
  return { image, disk: { ...disk, slot }, take: () => system.forgetStagedUpgrade() };
}

/** Waits until others can be reached. */
async function networkOf({ state }: Context, signal: AbortSignal): Promise<void> {
  for await (const _ of state.watch(NetworkStatus, { signal }))
    if ((await state.list(NetworkStatus)).resources[0]?.spec.connectivityReady) return;
  throw new Error("the network is not there");
}
