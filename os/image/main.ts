// `image build`: the operating system's kernel and initramfs from pinned inputs.
import { createPrivateKey } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { buildImage } from "./build.ts";
import { type Profile, profiles } from "./contents.ts";

const { values } = parseArgs({
  options: {
    profile: { type: "string", default: "virt" },
    extension: { type: "string", multiple: true, default: [] },
    "kernel-argument": { type: "string", multiple: true, default: [] },
    "machine-config": { type: "string" },
    "release-key": { type: "string" },
    out: { type: "string", default: "out/image" },
    cache: { type: "string", default: "out/cache" },
    mirror: { type: "string" },
    offline: { type: "boolean", default: false },
    quiet: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) {
  console.log(`image build: makes the kernel and initramfs that machines boot

  --profile NAME   which drivers: ${Object.keys(profiles).join(" or ")} (virt)
  --extension NAME|FILE
                   adds a layer: containers, or what a file describes; may be given several times
  --kernel-argument NAME=VALUE
                   what the kernel is told beside the usual; may be given several times
  --machine-config FILE
                   for every machine that boots the image and has no config of its own
  --release-key FILE
                   sign the image with this Ed25519 key (PEM); machines that run it then install nothing else
  --out FOLDER     where the image goes (out/image)
  --cache FOLDER   where downloads and finished stages are kept (out/cache)
  --mirror URL     the Debian archive to use (this host's own)
  --offline        use only what is in the cache
  --quiet          do not print where the image is`);
} else {
  const profile = values.profile;
  if (!(profile in profiles))
    throw new Error(`Cannot build profile ${profile}: there are ${Object.keys(profiles).join(", ")}`);
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(1).padStart(6);

  const { mirror, extension: extensions, "release-key": keyFile } = values;
  const machineConfig = values["machine-config"] && (await readFile(values["machine-config"], "utf8"));
  const image = await buildImage({
    project: join(import.meta.dirname, "../.."),
    profile: profile as Profile,
    out: resolve(values.out),
    cache: resolve(values.cache),
    offline: values.offline,
    ...(mirror && { mirror }),
    ...(keyFile && { releaseKey: createPrivateKey(await readFile(keyFile)) }),
    ...(machineConfig !== undefined && { machineConfig }),
    extensions,
    kernelArguments: values["kernel-argument"],
    progress: (line) => console.error(`${seconds()} s  ${line}`),
    signal: stop.signal,
  });
  if (!values.quiet) console.log(JSON.stringify(image, null, 2));
}
