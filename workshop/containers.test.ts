// docker-compose.yml and the Dockerfile, without Docker: the shape of the one, what the other puts where, and then the
// services as the files say: their commands, variables, volumes and health checks, in a root of their own that is
// read-only, with no capability but those that are named, on a network that is not the host's.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { mayWire, onWires } from "./wires.ts";

const root = join(import.meta.dirname, "..");
const read = (file: string) => readFileSync(join(root, file), "utf8");

/** Of the Compose specification, what is used here: a key that it does not know is a slip. */
const healthcheck = z.strictObject({
  test: z.tuple([z.literal("CMD")]).rest(z.string()),
  interval: z.string(),
  timeout: z.string(),
  retries: z.int(),
  start_period: z.string(),
});
const service = z.strictObject({
  build: z.literal(".").optional(),
  image: z.string(),
  profiles: z.array(z.enum(["single", "cluster"])).min(1),
  network_mode: z.literal("host"),
  restart: z.literal("unless-stopped"),
  stop_grace_period: z.string().optional(),
  read_only: z.literal(true).optional(),
  tmpfs: z.array(z.string()).default([]),
  cap_drop: z.tuple([z.literal("ALL")]),
  cap_add: z.array(z.enum(["NET_BIND_SERVICE", "NET_RAW"])).default([]),
  security_opt: z.tuple([z.literal("no-new-privileges:true")]),
  command: z.array(z.string()).min(1),
  environment: z.record(z.string(), z.string()).default({}),
  volumes: z.array(z.string().regex(/^[^:]+:\/[^:]*(:ro)?$/)).default([]),
  configs: z.array(z.strictObject({ source: z.string(), target: z.string() })).default([]),
  depends_on: z
    .record(
      z.string(),
      z.strictObject({ condition: z.literal("service_healthy"), required: z.boolean().optional() }),
    )
    .default({}),
  healthcheck,
});
const composition = z.strictObject({
  "x-ingot": z.unknown(),
  "x-ready": z.unknown(),
  "x-etcd": z.unknown(),
  services: z.record(z.string(), service),
  configs: z.record(z.string(), z.strictObject({ content: z.string() })),
  volumes: z.record(z.string(), z.null()),
});

const usual = Object.fromEntries(
  read(".env")
    .split("\n")
    .filter((line) => line !== "" && !line.startsWith("#"))
    .map((line) => line.split("=", 2) as [string, string]),
);
const unset: string[] = [];
/** As Compose does it, within values: `${NAME}` and `${NAME:-otherwise}`. */
const filled = read("docker-compose.yml").replaceAll(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name, otherwise) => {
  const value = usual[name] ?? otherwise;
  if (value === undefined) unset.push(name);
  return value ?? "";
});
const { services, configs, volumes } = composition.parse(parse(filled, { merge: true }));
type Service = (typeof services)[string];

describe("docker-compose.yml", () => {
  test("names no variable, volume, config or service that is not there", () => {
    expect(unset).toEqual([]);
    for (const one of Object.values(services)) {
      const named = one.volumes.map((text) => text.split(":")[0]!).filter((name) => !name.startsWith("."));
      expect(Object.keys(volumes)).toEqual(expect.arrayContaining(named));
      expect(Object.keys(configs)).toEqual(expect.arrayContaining(one.configs.map(({ source }) => source)));
      for (const [name, { required = true }] of Object.entries(one.depends_on)) {
        const missing = one.profiles.filter((profile) => !services[name]!.profiles.includes(profile));
        if (required) expect(missing).toEqual([]);
      }
    }
  });

  const profile = (name: "single" | "cluster") =>
    Object.entries(services).flatMap(([service, { profiles }]) => (profiles.includes(name) ? [service] : []));

  test("is a provisioner and a pxe-server, or two provisioners on three members of etcd", () => {
    expect(profile("single").sort()).toEqual(["provisioner", "pxe-server"]);
    expect(profile("cluster").sort()).toEqual([
      "etcd-1",
      "etcd-2",
      "etcd-3",
      "provisioner-a",
      "provisioner-b",
      "pxe-server",
    ]);
  });

  test.each(["single", "cluster"] as const)("has no two services of %s on one port", (name) => {
    const places = profile(name).flatMap((service) =>
      services[service]!.command.flatMap(
        (word) => /^--(?:listen|api|listen-\w+-urls)=(.*)$/.exec(word)?.[1] ?? [],
      ),
    );
    expect(new Set(places).size).toBe(places.length);
  });

  test("gives capabilities to the pxe-server alone, and writable files to nobody", () => {
    for (const [name, { image, cap_add, read_only }] of Object.entries(services)) {
      expect(cap_add.length > 0).toBe(name === "pxe-server");
      if (image === "ingot") expect(read_only).toBe(true);
    }
  });
});

describe.runIf(mayWire)("the services of the profile `single`", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "ingot-containers-"));
    const bundle = join(folder, "bundle");
    const { status, stderr } = spawnSync(process.execPath, [join(root, "workshop/bundle.ts"), bundle], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    makeImage(join(folder, "image-of-ingot"), bundle);
    makeMachineImage(join(folder, "image"));
  }, 60_000);
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  test("become healthy one after the other, and stop when told", async () => {
    const { INGOT_INTERFACE: device, INGOT_ADDRESS: address } = usual;
    const script = `
ip link add ${device} type veth peer name cable
ip link set cable up
ip addr add ${address}/24 dev ${device}
ip link set ${device} up
${container("provisioner", services["provisioner"]!, folder)}
${container("pxe-server", services["pxe-server"]!, folder)}
kill -TERM $pid_provisioner $pid_pxe_server
wait $pid_pxe_server; echo pxe-server: $?
wait $pid_provisioner; echo provisioner: $?
`;
    const said = await onWires({ folder, script, timeoutMs: 110_000 }).catch(
      (error: Error & { stdout?: string }) => {
        const logs = ["provisioner", "pxe-server"].map(
          (name) => spawnSync("cat", [join(folder, `${name}.log`)]).stdout,
        );
        throw new Error(`${error.message}\n${error.stdout}\n${logs.join("\n")}`, { cause: error });
      },
    );
    expect(said).toBe("provisioner is healthy\npxe-server is healthy\npxe-server: 0\nprovisioner: 0\n");
    const log = readFileSync(join(folder, "provisioner.log"), "utf8");
    expect(log).toContain(`machines and pxe-servers: ${address}:8444`);
    expect(readFileSync(join(folder, "pxe-server.log"), "utf8")).not.toMatch(
      /cannot|denied|permitted|no conflict probe/i,
    );
    expect(log).toMatch(/the first token, for an admin, told once: ingot_/);
  }, 120_000);
});

/** What the Dockerfile copies from its build, where it copies it. */
function makeImage(image: string, bundle: string): void {
  const built: Readonly<Record<string, string>> = { "out/node": process.execPath, "out/bundle": bundle };
  const copies = [...read("Dockerfile").matchAll(/^COPY --from=build \/src\/(\S+) (\S+)$/gm)];
  expect(copies.length).toBeGreaterThan(3);
  for (const [, from, to] of copies) {
    mkdirSync(dirname(join(image, to!)), { recursive: true });
    cpSync(built[from!] ?? join(root, from!), join(image, to!), { recursive: true });
  }
  for (const [, target, link] of read("Dockerfile").matchAll(/ln -s (\S+) (\S+)/g))
    symlinkSync(target!, join(image, link!));
}

function makeMachineImage(folder: string): void {
  mkdirSync(folder);
  const file = (name: string) => {
    writeFileSync(join(folder, name), name);
    return { sizeBytes: name.length, sha256: createHash("sha256").update(name).digest("hex") };
  };
  const manifest = { kernel: { release: "6.12", ...file("vmlinuz") }, initramfs: file("initramfs") };
  writeFileSync(join(folder, "manifest.json"), JSON.stringify(manifest));
}

/** Shell that runs a service as Docker would, and waits until its health check passes. */
function container(name: string, one: Service, folder: string): string {
  const rootfs = join(folder, `root-${name}`);
  const mounts = one.volumes.map((text) => {
    const [from = "", to = "", mode = "rw"] = text.split(":");
    const source = from.startsWith(".") ? join(folder, "image") : join(folder, "volumes", from);
    return { source, to, mode };
  });
  const files = one.configs.map(({ source, target }) => ({ target, content: configs[source]!.content }));
  for (const { source } of mounts) {
    mkdirSync(source, { recursive: true });
  }
  for (const path of ["proc", "dev", "tmp", "etc", "opt", ...system]) {
    mkdirSync(join(rootfs, path), { recursive: true });
  }
  for (const { target, content } of files) writeFileSync(join(rootfs, target), content);
  const capabilities = ["-all", ...one.cap_add.map((capability) => `+${capability.toLowerCase()}`)].join(",");
  const inside = (words: readonly string[]) =>
    [
      ...[
        "chroot",
        rootfs,
        "setpriv",
        "--no-new-privs",
        "--inh-caps",
        "-all",
        "--bounding-set",
        capabilities,
      ],
      ...["env", "-i", "PATH=/usr/local/bin:/usr/bin:/bin"],
      ...Object.entries(one.environment).map(([key, value]) => `${key}=${value}`),
      ...words,
    ]
      .map((word) => `'${word.replaceAll("'", "'\\''")}'`)
      .join(" ");
  const variable = `pid_${name.replaceAll("-", "_")}`;
  return `
mount --bind ${rootfs} ${rootfs}
for part in ${system.join(" ")}; do mount --rbind /$part ${rootfs}/$part; done
mount --rbind /proc ${rootfs}/proc
mount --rbind /dev ${rootfs}/dev
mount -t tmpfs tmpfs ${rootfs}/usr/local
cp -a $dir/image-of-ingot/usr/local/. ${rootfs}/usr/local
mount --bind $dir/image-of-ingot/opt ${rootfs}/opt
${mounts.map(({ source, to, mode }) => `mkdir -p ${rootfs}${to}\nmount --bind ${source} ${rootfs}${to}\nmount -o remount,bind,${mode} ${rootfs}${to}`).join("\n")}
mount -o remount,bind,ro ${rootfs}
${one.tmpfs.map((path) => `mount -t tmpfs tmpfs ${rootfs}${path}`).join("\n")}
${inside(["ingot", ...one.command])} > $dir/${name}.log 2>&1 &
${variable}=$!
until ${inside(one.healthcheck.test.slice(1))} > /dev/null 2>&1; do kill -0 $${variable}; done
echo ${name} is healthy
`;
}

/** Of this machine, in the place of the image's Debian. */
const system = ["usr", "bin", "lib", "lib64"];
