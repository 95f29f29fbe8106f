// What the machine API may do with the system on the disk.
import type { KeyObject } from "node:crypto";
import { GrpcError } from "../../api/grpc/error.ts";
import type { Installation } from "../services/power.ts";
import { openImage } from "./image-source.ts";
import type { InstalledSystem } from "./installed-system.ts";

export interface InstallationOptions {
  readonly system: InstalledSystem;
  /** As the kernel names it: `nvme0n1`. */
  readonly systemDisk: string;
  readonly key: KeyObject | undefined;
  readonly fetch: typeof fetch;
  readonly said: (level: "info" | "error", text: string) => void;
  readonly end: (how: "restart") => void;
  readonly signal: AbortSignal;
}

export function installation(options: InstallationOptions): Installation {
  const { system, systemDisk, key, fetch, said, end, signal } = options;
  let isBusy = false;

  async function writeSystem(image: string, progress: { said(text: string): void; signal: AbortSignal }) {
    if (!/^https?:/.test(image))
      throw new GrpcError("invalidArgument", `${image} is no address of an image: it must begin with http`);
    if (isBusy) throw new GrpcError("failedPrecondition", "another system is being written");
    isBusy = true;
    try {
      const source = await openImage({ url: image, key, fetch, signal: progress.signal });
      progress.said(`writing ${image} beside slot ${system.slot}`);
      await system.upgrade(source, { written: () => {}, signal: progress.signal });
      progress.said("written; the next boot tries it");
    } finally {
      isBusy = false;
    }
  }

  return {
    systemDisk,
    writeSystem,

    async reset() {
      throw new GrpcError("unimplemented", "this machine cannot be reset yet: have its provisioner wipe it");
    },

    async rollback() {
      if (isBusy) throw new GrpcError("failedPrecondition", "another system is being written");
      try {
        await system.rollback();
      } catch (cause) {
        throw new GrpcError("failedPrecondition", cause instanceof Error ? cause.message : String(cause));
      }
      end("restart");
    },

    async upgrade({ image, stage }) {
      if (stage) throw new GrpcError("unimplemented", "upgrades cannot be staged yet");
      const progress = { said: (text: string) => said("info", `upgrade: ${text}`), signal };
      void writeSystem(image, progress)
        .then(() => end("restart"))
        .catch((error: unknown) => said("error", `Cannot upgrade: ${String(error)}`));
    },

    meta: {
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
