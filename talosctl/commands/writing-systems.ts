// What installing and upgrading step by step have in common: an image is pulled, and what becomes of it is told.
import { ImageService } from "../../api/gen/machine/image_pb.js";
import type { LifecycleServiceInstallProgress } from "../../api/gen/machine/lifecycle_pb.js";
import type { Connection } from "../connection.ts";
import { containerdOf, type ImageNamespace } from "../containerd.ts";
import { CommandFailed, type Io } from "../io.ts";

export interface SystemImage {
  readonly image: string;
  readonly namespace: ImageNamespace;
}

/** As upstream's client asks for it, though a node of ours fetches it when it is written. */
export async function pullImage(
  connection: Connection,
  io: Io,
  node: string,
  { image, namespace }: SystemImage,
): Promise<void> {
  const { metadata, signal } = connection.at(node);
  const asked = { containerd: containerdOf[namespace], imageRef: image };
  for await (const { response } of connection.calls(ImageService).pull(asked, { metadata, signal }))
    if (response.case === "name") io.error(`${node}: pulled ${response.value}\n`);
}

/** Shows what the machine says until it says that it is done. Throws when that was in vain. */
export async function showProgress(
  what: string,
  answers: AsyncIterable<{ readonly progress?: LifecycleServiceInstallProgress | undefined }>,
  say: (text: string) => void,
): Promise<void> {
  for await (const { progress } of answers) {
    if (progress?.response.case === "message") say(progress.response.value);
    if (progress?.response.case !== "exitCode") continue;
    if (progress.response.value === 0) return;
    throw new CommandFailed(`${what} failed with exit code ${progress.response.value}`);
  }
  throw new CommandFailed(`the machine did not say how the ${what} ended`);
}
