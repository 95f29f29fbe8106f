import { LifecycleService } from "../../../api/gen/machine/lifecycle_pb.js";
import { GrpcError } from "../../../api/grpc/error.ts";
import { type ServedService, serve } from "../../../api/grpc/serve.ts";

/** Puts another system beside the one that runs; the next boot tries it. */
export type WriteSystem = (
  image: string,
  progress: { readonly said: (text: string) => void; readonly signal: AbortSignal },
) => Promise<void>;

/** `machine.LifecycleService`: how clients since v1.13 upgrade. They restart the machine themselves, afterwards. */
export const lifecycleService = (deps: {
  /** Undefined on a machine that runs from memory. */
  readonly writeSystem: () => WriteSystem | undefined;
}): ServedService =>
  serve(LifecycleService, {
    async *upgrade({ source }, { signal }) {
      const write = deps.writeSystem();
      if (!write) {
        throw new GrpcError("failedPrecondition", "nothing is installed: this machine runs from memory");
      }
      const image = source?.imageName ?? "";
      if (image === "") throw new GrpcError("invalidArgument", "image is required");
      const said: string[] = [];
      let wake = Promise.withResolvers<void>();
      const say = (text: string) => {
        said.push(text);
        wake.resolve();
      };
      let exitCode: number | undefined;
      void run();

      async function run(): Promise<void> {
        try {
          await write!(image, { said: say, signal });
          exitCode = 0;
        } catch (error) {
          say(error instanceof Error ? error.message : String(error));
          exitCode = 1;
        }
        wake.resolve();
      }

      for (;;) {
        for (const value of said.splice(0)) yield { progress: { response: { case: "message", value } } };
        if (said.length > 0) continue;
        if (exitCode !== undefined) break;
        await wake.promise;
        wake = Promise.withResolvers();
      }
      yield { progress: { response: { case: "exitCode", value: exitCode } } };
    },
  });
