import { LifecycleService } from "../../../api/gen/machine/lifecycle_pb.js";
import { GrpcError } from "../../../api/grpc/error.ts";
import { type ServedService, serve } from "../../../api/grpc/serve.ts";

interface WriteProgress {
  readonly said: (text: string) => void;
  readonly signal: AbortSignal;
}

/** Puts another system beside the one that runs; the next boot tries it. */
export type WriteSystem = (image: string, progress: WriteProgress) => Promise<void>;

/** Puts a system on a disk of a machine that runs from memory. */
export type InstallSystem = (
  wanted: { readonly image: string; readonly disk: string },
  progress: WriteProgress,
) => Promise<void>;

/**
 * `machine.LifecycleService`: how clients since v1.13 install and upgrade. They restart the machine themselves, afterwards.
 * What is refused (a GrpcError) ends the call; what was begun and failed is told, and ends with another exit code than 0.
 */
export const lifecycleService = (deps: {
  readonly installSystem: InstallSystem;
  /** Undefined on a machine that runs from memory. */
  readonly writeSystem: () => WriteSystem | undefined;
}): ServedService =>
  serve(LifecycleService, {
    async *install({ source, destination }, { signal }) {
      const image = source?.imageName ?? "";
      if (image === "") throw new GrpcError("invalidArgument", "installer image name is required");
      const disk = destination?.disk ?? "";
      if (disk === "") throw new GrpcError("invalidArgument", "destination disk is required");
      yield* progressOf((said) => deps.installSystem({ image, disk }, { said, signal }));
    },

    async *upgrade({ source }, { signal }) {
      const write = deps.writeSystem();
      if (!write) {
        throw new GrpcError("failedPrecondition", "nothing is installed: this machine runs from memory");
      }
      const image = source?.imageName ?? "";
      if (image === "") throw new GrpcError("invalidArgument", "image is required");
      yield* progressOf((said) => write(image, { said, signal }));
    },
  });

/** What the work says while it goes on, and then how it ended. */
async function* progressOf(work: (said: (text: string) => void) => Promise<void>) {
  const said: string[] = [];
  let wake = Promise.withResolvers<void>();
  const say = (text: string) => {
    said.push(text);
    wake.resolve();
  };
  let end: { exitCode: number } | { refusal: GrpcError } | undefined;
  void run();

  async function run(): Promise<void> {
    try {
      await work(say);
      end = { exitCode: 0 };
    } catch (error) {
      end = error instanceof GrpcError ? { refusal: error } : { exitCode: 1 };
      if ("exitCode" in end) say(error instanceof Error ? error.message : String(error));
    }
    wake.resolve();
  }

  for (;;) {
    for (const value of said.splice(0)) yield { progress: { response: { case: "message", value } } } as const;
    if (said.length > 0) continue;
    if (end !== undefined) break;
    await wake.promise;
    wake = Promise.withResolvers();
  }
  if ("refusal" in end) throw end.refusal;
  yield { progress: { response: { case: "exitCode", value: end.exitCode } } } as const;
}
