// Stock Talos, as docs/profiles.md has it: the real pxe-server's scripts lead iPXE to an image factory, whose script has a
// kernel with the address of its config among its arguments. The factory and the node are stand-ins, all else is real.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createServer as createTlsServer } from "node:tls";
import { afterEach, beforeEach, expect, test } from "vitest";
import { parse } from "yaml";
import { systemClock } from "../../cosi/system-clock.ts";
import { createAuthority } from "../../pki/authority.ts";
import { mac, PracticeSite, until, uuid } from "../../provisioner/practice-site.conformance.ts";
import { Assignment } from "../../provisioner/resources/assignment.ts";
import { BootStatus } from "../../provisioner/resources/boot-status.ts";
import { Event } from "../../provisioner/resources/event.ts";
import { Installation } from "../../provisioner/resources/installation.ts";
import { MachineStatus } from "../../provisioner/resources/machine-status.ts";
import { Profile } from "../../provisioner/resources/profile.ts";
import { Boots } from "../../pxe-server/boots.ts";
import { openHttpServer } from "../../pxe-server/http/server.ts";
import { openRemoteBooter } from "../../pxe-server/remote-booter.ts";
import { systemClock as pxeClock } from "../../pxe-server/system-clock.ts";
import { IpxeScripts } from "./ipxe-scripts.ts";

const schematic = "376567988ad370138ad8b2698212367b8edcb69b5fd68c80be1f2ec7d603b4ba/v1.13.0";
const nodePort = 50_000;
/** Of this test alone: all of 127.0.0.0/8 is this host. */
const nodeAddress = "127.50.0.13";
const firmware = {
  ...{ uuid, mac, serial: "CN7016", platform: "efi", buildarch: "x86_64" },
  ...{ "net0/mac": mac, "net0/ip": "127.0.0.1", "netX/mac": mac },
};

let around: AsyncDisposableStack;
let site: PracticeSite;
beforeEach(async () => {
  around = new AsyncDisposableStack();
  site = around.use(await PracticeSite.open());
});
afterEach(() => around.disposeAsync());

/** A segment's pxe-server, as far as HTTP goes; resolves to where iPXE of our machine begins. */
async function openPxe(): Promise<string> {
  const { provisioner } = site;
  const folder = await mkdtemp(join(tmpdir(), "factory-boot-"));
  around.defer(() => rm(folder, { recursive: true }));
  const { certificate, key } = await provisioner.segmentIdentity("rack-1");
  const booter = around.use(
    await openRemoteBooter({
      address: `127.0.0.1:${provisioner.port}`,
      tls: {
        authorities: provisioner.authority.certificate.pem,
        identity: { certificate: certificate.pem, key: key.pkcs8Pem },
      },
      folder,
      maxDiskBytes: 1e6,
      maxMemoryBytes: 1e6,
      version: "0.1.0",
      interfaces: [],
      clock: pxeClock,
      onWarning: () => {},
    }),
  );
  const { signal } = new AbortController();
  let id = 0;
  const boots = new Boots({ booter, clock: pxeClock, newId: () => `b${++id}`, onReport: () => {}, signal });
  const http = around.use(
    await openHttpServer({
      ...{ addresses: ["127.0.0.1"], port: 0, clock: pxeClock, booter, boots, signal },
      ...{ loader: () => undefined, bootAt: async () => undefined },
      ...{ metrics: () => "", onWarning: () => {} },
    }),
  );
  return `http://127.0.0.1:${http.endpoints[0]!.port}/start/${mac.replaceAll(":", "-")}.ipxe`;
}

/** What a factory serves for a schematic with this among its extraKernelArgs. */
async function openFactory(extraKernelArguments: string): Promise<string> {
  const serve: RequestListener = ({ url = "", headers }, response) => {
    const image = `http://${headers.host}/image/${schematic}`;
    const files: Readonly<Record<string, string>> = {
      [`/pxe/${schematic}/metal-amd64`]: `#!ipxe

imgfree
kernel ${image}/kernel-amd64 talos.platform=metal console=tty0 init_on_alloc=1 ${extraKernelArguments} initrd=initramfs-amd64.xz
initrd ${image}/initramfs-amd64.xz
boot
`,
      [`/image/${schematic}/kernel-amd64`]: "a kernel",
      [`/image/${schematic}/initramfs-amd64.xz`]: "an initramfs",
    };
    response.writeHead(files[url] === undefined ? 404 : 200).end(files[url]);
  };
  const server = createServer(serve).listen(0, "127.0.0.1");
  around.defer(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once("listening", resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** An installed node, whose certificate is of its cluster's authority. */
async function openNode(): Promise<void> {
  const authority = await createAuthority({
    algorithm: "ed25519",
    clock: systemClock,
    commonName: "talos",
  });
  const { certificate, key } = await authority.issue({ commonName: "node-1", purposes: ["serverAuth"] });
  const server = createTlsServer({ cert: certificate.pem, key: key.pkcs8Pem, ALPNProtocols: ["h2"] });
  server.on("secureConnection", (socket) => socket.on("error", () => {}).resume());
  server.listen(nodePort, nodeAddress);
  around.defer(() => void server.close());
  await new Promise((resolve) => server.once("listening", resolve));
}

async function documented() {
  const text = await readFile(new URL("../../docs/profiles.md", import.meta.url), "utf8");
  const [, yaml] = /^## Stock Talos, from its image factory$[\s\S]*?^```yaml\n([\s\S]*?)^```$/m.exec(text)!;
  const [, argument] = /`(talos\.config=http:\/\/PROVISIONER:8446\/\S+)`/.exec(text)!;
  return { argument: argument!, profile: Profile.spec.parse((parse(yaml!) as { spec: unknown }).spec) };
}

test("stock Talos is booted from its factory, gets its config once, and runs from its disk", async () => {
  const { argument, profile } = await documented();
  const { state, installsPort } = site.provisioner;
  const factory = await openFactory(argument.replace("PROVISIONER:8446", `127.0.0.1:${installsPort}`));
  const { boots } = profile;
  if (boots.what !== "chain") throw new Error("its example is no chain");
  const url = boots.url.replace("https://pxe.factory.talos.dev", factory);
  const disk = { id: "wwid-1", device: "/dev/nvme0n1", transport: "nvme", sizeBytes: 1_000_000_000_000n };
  await site.assign({ ...profile, boots: { ...boots, url } }, { disks: [disk] });

  const start = await openPxe();
  const ipxe = new IpxeScripts(firmware);
  const booted = await ipxe.boot(start);
  if (booted.is !== "booted") throw new Error(`it did not boot: ${ipxe.screen.join("\n")}`);
  expect(ipxe.fetched).toEqual([
    "200 /start/52-54-00-12-34-56.ipxe",
    "200 /boot.ipxe",
    `200 /pxe/${schematic}/metal-amd64`,
    `200 /image/${schematic}/kernel-amd64`,
    `200 /image/${schematic}/initramfs-amd64.xz`,
  ]);
  expect(booted.kernel.text).toBe("a kernel");
  expect(booted.initrds.map(({ text }) => text)).toEqual(["an initramfs"]);
  // The pxe-server told what it sent the machine to.
  await until(
    () => state.find(BootStatus, uuid),
    (boot) => boot.state === "booting" && boot.step === "scripted" && boot.plan === "install",
  );

  // What Talos does with its kernel arguments; iPXE has put in who the machine is.
  const address = /(?:^| )talos\.config=(\S+)/.exec(booted.kernel.arguments)![1]!;
  expect(address).toBe(`http://127.0.0.1:${installsPort}/config?uuid=${uuid}&mac=${mac}`);
  const config = await fetch(address);
  expect(config.status).toBe(200);
  expect(parse(await config.text())).toMatchObject({
    version: "v1alpha1",
    machine: { install: { disk: "/dev/nvme0n1" } },
  });
  expect((await fetch(address)).status).toBe(410);

  // Until its API answers each boot is the installation; then it is the disk.
  await openNode();
  await state.update(Assignment, uuid, ({ spec }) => ({ spec: { ...spec, addresses: [nodeAddress] } }));
  const installation = await until(() => state.find(Installation, uuid));
  expect(installation).toMatchObject({ wipeId: 1, evidence: "nodeApi" });
  await until(
    () => state.find(MachineStatus, uuid),
    ({ stage }) => stage === "running",
  );
  expect(await new IpxeScripts(firmware).boot(start)).toEqual({ is: "exited" });
  const told = (await state.list(Event)).resources.map(({ spec }) => spec.what);
  expect(told).toContainEqual(expect.stringMatching(/^its config was handed to 127\.0\.0\.1/));
});

test("a factory that is away leaves the machine asking, with the reason on its screen", async () => {
  const { profile } = await documented();
  const { boots } = profile;
  const factory = await openFactory("");
  const url = `${factory}/pxe/unknown/v1.13.0/metal-amd64`;
  await site.assign({ ...profile, boots: { ...boots, what: "chain", url } });
  const ipxe = new IpxeScripts(firmware);
  // It would ask for ever.
  await expect(ipxe.boot(await openPxe())).rejects.toThrow("Cannot go on");
  expect(ipxe.screen).toContainEqual(expect.stringContaining("the next script did not load"));
  expect(ipxe.fetched.filter((one) => one.startsWith("404 /pxe/")).length).toBeGreaterThan(1);
});
