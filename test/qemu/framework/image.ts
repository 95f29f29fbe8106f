import { join } from "node:path";
import { buildImage, type Image } from "../../../os/image/build.ts";

export const project = join(import.meta.dirname, "../../..");

/** The operating system as this checkout builds it; what has not changed since the last build is not built again. */
export function operatingSystem(extensions: readonly string[] = []): Promise<Image> {
  return buildImage({
    ...{ project, profile: "virt", extensions },
    out: join(project, extensions.length === 0 ? "out/image" : "out/image-extended"),
    cache: join(project, "out/cache"),
    // Inside the suite's namespaces there is no way out: what is needed was fetched before (workshop/test.ts).
    offline: true,
    progress: () => {},
    signal: new AbortController().signal,
  });
}
