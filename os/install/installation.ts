// What the machine API may do with the system on the disk.
import type { KeyObject } from "node:crypto";
import { GrpcError } from "../../api/grpc/error.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { RegistryEndpoint } from "../../machine-config/settings/registries.ts";
import type { Disk } from "../block/disks.ts";
import type { Upgrade } from "../resources/runtime/upgrade.ts";
import type { End, Installation } from "../services/power.ts";
import { type ImageSource, openImage } from "./image-source.ts";
import type { InstalledSystem } from "./installed-system.ts";
import { otherSlot } from "./layout.ts";
import { quarters } from "./quarters.ts";
import { type ResetSurroundings, resetTasks } from "./reset.ts";
import { planReset } from "./reset-plan.ts";

/** A step of what somebody asked for. Those of one phase run one after the other. */
export interface SequenceTask {
  readonly phase: string;
  readonly name: string;
  readonly run: () => Promise<void>;
}

export interface InstallationOptions {
  readonly system: InstalledSystem;
  /** As the kernel names it: `nvme0n1`. */
  readonly systemDisk: string;
  readonly key: KeyObject | undefined;
  readonly fetch: typeof fetch;
  /** Where the images of a registry are got. */
  readonly registry: (name: string) => Promise<readonly RegistryEndpoint[]>;
  readonly disks: () => Promise<readonly Disk[]>;
  readonly reset: Omit<ResetSurroundings, "devPath" | "said" | "stopServices">;
  /** Does the steps, and tells of them. */
  readonly sequence: (
    name: "upgrade" | "reset",
    actorId: string,
    tasks: readonly SequenceTask[],
  ) => Promise<void>;
  readonly said: (level: "info" | "error", text: string) => void;
  /** What became of an upgrade. */
  readonly upgraded: (spec: SpecOf<typeof Upgrade>) => Promise<unknown>;
  readonly end: End;
  readonly signal: AbortSignal;
}

type Progress = { readonly said: (text: string) => void; readonly signal: AbortSignal };

export function installation(options: InstallationOptions): Installation {
  const { system, systemDisk, said, end, signal } = options;
  /** What the machine is at, of all that must not happen twice. */
  let busy: string | undefined;

  /** Answers what gives it up again. */
  function claim(work: string): () => void {
    if (busy !== undefined) throw new GrpcError("failedPrecondition", `${busy}: one thing after the other`);
    busy = work;
    return () => {
      busy = undefined;
    };
  }

  async function during<T>(what: string, work: () => Promise<T>): Promise<T> {
    const release = claim(what);
    return work().finally(release);
  }

  /** What goes on when the answer has been given. */
  async function afterwards(what: string, work: () => Promise<void>, over: () => void): Promise<void> {
    try {
      await work();
      over();
    } catch (error) {
      said("error", `Cannot ${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }

  async function open(image: string, signal: AbortSignal): Promise<ImageSource> {
    if (image === "") throw new GrpcError("invalidArgument", "an image is required");
    try {
      return await openImage({ ...options, image, signal });
    } catch (cause) {
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new GrpcError("failedPrecondition", why, { cause });
    }
  }

  /** Writes it into the other slot, which the next boot tries. */
  async function write(
    image: string,
    source: ImageSource,
    actorId: string,
    progress: Progress,
  ): Promise<void> {
    const { kernel, initramfs } = source.release;
    const of = kernel.sizeBytes + initramfs.sizeBytes;
    const tell = quarters((percent) => progress.said(`${percent} % of the image is written`));
    let done = 0;
    const written = (bytes: number) => tell((done += bytes), of);
    const run = () => system.upgrade({ source, from: image }, { written, signal: progress.signal });
    progress.said(`writing ${image} beside slot ${system.slot}`);
    try {
      await options.sequence("upgrade", actorId, [{ phase: "upgrade", name: "upgrade", run }]);
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      await options.upgraded({ phase: "failed", slot: otherSlot(system.slot), image, reason });
      throw error;
    }
    progress.said("written; the next boot tries it");
  }

  return {
    async checkImage(image, signal) {
      await open(image, signal);
    },

    writeSystem: (image, progress) =>
      during("another system is being written", async () =>
        write(image, await open(image, progress.signal), "", progress),
      ),

    async upgrade({ image, stage }, actorId) {
      const release = claim("another system is being written");
      const over = () => end("restart", { sequence: "reboot", actorId });
      try {
        // Whoever asks hears at once of an image that cannot be had, or trusted.
        const source = await open(image, signal);
        if (stage) {
          await system.stageUpgrade(image);
          return over();
        }
        const progress = { said: (text: string) => said("info", `upgrade: ${text}`), signal };
        void afterwards("upgrade", () => write(image, source, actorId, progress), over).finally(release);
      } catch (error) {
        release();
        throw error;
      }
    },

    rollback: () =>
      during("the machine goes back to the system before", async () => {
        try {
          await system.rollback();
        } catch (cause) {
          throw new GrpcError("failedPrecondition", cause instanceof Error ? cause.message : String(cause));
        }
        end("restart", { sequence: "reboot", actorId: "" });
      }),

    async reset(request, actorId, stopServices) {
      const plan = planReset(request, { disks: await options.disks(), systemDisk });
      const release = claim("the machine is being reset");
      if (request.graceful)
        said("info", "reset: nothing to drain and no etcd to leave: no Kubernetes runs here");
      const tasks = resetTasks(plan, {
        ...{ ...options.reset, stopServices, devPath: `/dev/${systemDisk}` },
        said: (text) => said("info", `reset: ${text}`),
      });
      const over = () =>
        end(request.reboot ? "restart" : "powerOff", {
          sequence: request.reboot ? "reboot" : "shutdown",
          actorId,
        });
      void afterwards("reset", () => options.sequence("reset", actorId, tasks), over).finally(release);
    },

    meta: {
      values: () => system.meta(),
      write: (tag, value) => system.changeMeta((values) => void values.set(tag, value)),
      async delete(tag) {
        let wasThere = false;
        await system.changeMeta((values) => {
          wasThere = values.delete(tag);
        });
        return wasThere;
      },
    },
  };
}
