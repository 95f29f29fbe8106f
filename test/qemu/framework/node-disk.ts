import { randomUUID } from "node:crypto";
import type { Image } from "../../../os/image/build.ts";
import { readBootLoader } from "../../../os/install/boot-loader.ts";
import { openImage } from "../../../os/install/image-source.ts";
import { install } from "../../../os/install/install.ts";
import { practiceDisk } from "../../../os/install/practice-disk.ts";
import { runTool } from "../../../os/kernel/run-tool.ts";

export interface NodeDisk {
  readonly file: string;
  readonly megabytes: number;
  readonly image: Image;
  /** Where the image is served. */
  readonly url: string;
  readonly config: string;
  readonly kernelArguments: readonly string[];
  readonly scratch: string;
}

/** Installs onto a disk that no machine has yet, by the installer that machines have. */
export async function installOnFile(disk: NodeDisk): Promise<void> {
  const { file, megabytes, image, url, config, kernelArguments, scratch } = disk;
  const { signal } = new AbortController();
  await using target = await practiceDisk(file, { sizeBytes: megabytes * 1024 * 1024 });
  const source = await openImage({ image: url, key: undefined, fetch, signal });
  await install(
    {
      ...{ disk: target, source, config, kernelArguments, scratch, wipe: true, meta: new Map() },
      loader: await readBootLoader(image.bootLoader),
      newGuid: randomUUID,
      run: runTool((child) => child),
    },
    { step: () => {}, written: () => {} },
    signal,
  );
}
