// Against a provisioner played by a real gRPC server with mTLS, which is killed, restarted and made to lie.
import { spawn } from "node:child_process";
import { createHash, X509Certificate } from "node:crypto";
import { createSocket } from "node:dgram";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import {
  type AnnounceRequest,
  type BootReport,
  BootService,
  type PlanRequest,
  Stage,
} from "../api/gen/ingot/boot/v1/boot_pb.js";
import { GrpcError } from "../api/grpc/error.ts";
import { serve } from "../api/grpc/serve.ts";
import { type OpenServer, openServer } from "../api/grpc/server.ts";
import { ServerTlsCredentials } from "../api/grpc/server-tls.ts";
import {
  makeTestAuthority,
  type TestAuthority,
  type TestCertificate,
} from "../workshop/test-certificates.ts";
import type { Asking } from "./booter.ts";
import type { Clock } from "./clock.ts";
import { loaderFiles } from "./firmware.ts";
import { openRemoteBooter, type RemoteBooter } from "./remote-booter.ts";
import { systemClock } from "./system-clock.ts";

const patience = { timeout: 15_000, interval: 20 };
const { signal } = new AbortController();
/** Pauses between attempts are short, deadlines are not. */
const clock: Clock = {
  ...systemClock,
  sleep: (ms, signal) => systemClock.sleep(ms < 10_000 ? ms / 50 : ms, signal),
};
const asking: Asking = {
  mac: "52:54:00:00:00:01",
  macs: ["52:54:00:00:00:01", "52:54:00:00:00:02"],
  uuid: "4c4c4544-0042-3510-8052-b4c04f4d4d31",
  architecture: "uefi-x64",
  userClass: "iPXE",
  bootId: "b1",
  stage: "script",
};
const kernelBytes = Buffer.from(Uint8Array.from({ length: 900_000 }, (_, at) => (at * 7) & 255));
const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const chunkBytes = 64_000;

let authority: TestAuthority;
let server: TestCertificate;
let segment: TestCertificate;
beforeAll(async () => {
  authority = await makeTestAuthority();
  [server, segment] = [await authority.issue("server"), await authority.issue("rack-7")];
});
afterAll(() => authority[Symbol.asyncDispose]());

type PlanAnswer = { plan: object } | GrpcError;

/** What the provisioner of a test knows, and what it was told. */
class Provisioner implements AsyncDisposable {
  readonly asked: PlanRequest[] = [];
  readonly reports: BootReport[] = [];
  readonly announced: AnnounceRequest[] = [];
  readonly offsets: number[] = [];
  readonly peers = new Set<string>();
  answer: PlanAnswer = { plan: { why: "installed", do: { case: "disk", value: { method: 2 } } } };
  assets = new Map<string, Uint8Array>([["vmlinuz", kernelBytes]]);
  /** A transfer ends with a dead server after so many chunks, once. */
  killAfterChunks: number | undefined;
  refuseReports = 0;
  readonly unexpected: unknown[] = [];
  /** Sent instead of what was asked for. */
  lie: Uint8Array | undefined;
  #server: OpenServer | undefined;
  port = 0;

  async start(): Promise<void> {
    this.#server = await openServer({
      address: `127.0.0.1:${this.port}`,
      credentials: new ServerTlsCredentials({
        identity: server,
        clients: "required",
        clientAuthorities: authority.certificate,
      }),
      services: [this.#service()],
      unexpected: (error) => this.unexpected.push(error),
      graceMs: 0,
    });
    this.port = this.#server.port;
  }

  async kill(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #service() {
    return serve(BootService, {
      plan: async (request, { peer }) => {
        this.peers.add(new X509Certificate(peer.certificate!).subject);
        this.asked.push(request);
        if (this.answer instanceof GrpcError) throw this.answer;
        return this.answer;
      },
      report: async ({ reports }) => {
        // Heard, but the answer is lost: they come again.
        this.reports.push(...reports);
        if (this.refuseReports-- > 0) throw new GrpcError("unavailable", "the answer is lost");
        return {};
      },
      announce: async (request) => {
        this.announced.push(request);
        return { againAfter: { seconds: 3600n } };
      },
      watchAssets: (_, { signal }) => this.#watchAssets(signal),
      fetchAsset: ({ sha256, offsetBytes }) => this.#fetchAsset(sha256, Number(offsetBytes)),
    });
  }

  async *#watchAssets(signal: AbortSignal) {
    yield {
      assets: [...this.assets].map(([name, bytes]) => ({
        name,
        sizeBytes: BigInt(bytes.length),
        sha256: digestOf(bytes),
      })),
    };
    await once(signal, "abort");
  }

  async *#fetchAsset(sha256: Uint8Array, offset: number) {
    this.offsets.push(offset);
    const known = [...this.assets.values()].find((bytes) => digestOf(bytes).equals(sha256));
    if (!known) throw new GrpcError("notFound", "no such asset");
    const bytes = this.lie ?? known;
    let chunks = 0;
    for (let at = offset; at < bytes.length; at += chunkBytes) {
      if (this.killAfterChunks === chunks++) {
        this.killAfterChunks = undefined;
        void this.kill().then(() => this.start());
        throw new GrpcError("unavailable", "killed");
      }
      yield { chunk: bytes.subarray(at, at + chunkBytes) };
    }
  }
}

let provisioner: Provisioner;
let folder: string;
let booter: RemoteBooter | undefined;
let warnings: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-remote-"));
  warnings = [];
  provisioner = new Provisioner();
  await provisioner.start();
});
afterEach(async () => {
  await stop();
  await provisioner[Symbol.asyncDispose]();
  expect(provisioner.unexpected).toEqual([]);
  await rm(folder, { recursive: true });
});

async function start(sizes: { maxDiskBytes?: number } = {}): Promise<RemoteBooter> {
  booter = await openRemoteBooter({
    address: `127.0.0.1:${provisioner.port}`,
    tls: { authorities: authority.certificate, identity: segment },
    folder,
    maxDiskBytes: 10_000_000,
    maxMemoryBytes: 10_000_000,
    ...sizes,
    version: "1.2.3",
    interfaces: [{ interface: "eth0", address: "192.0.2.1", dhcp: { mode: "proxy" } }],
    clock,
    onWarning: (text) => warnings.push(text),
  });
  return booter;
}

async function stop(): Promise<void> {
  await booter?.[Symbol.asyncDispose]();
  booter = undefined;
}

const cached = async () =>
  (await readdir(join(folder, "assets"))).filter((name) => /^[0-9a-f]{64}$/.test(name));

describe("a plan", () => {
  test("is asked for with what is known, in the name of our certificate", async () => {
    const booter = await start();
    expect(await booter.plan(asking, signal)).toEqual({
      do: "disk",
      why: "installed",
      loader: undefined,
      method: "sanboot",
    });
    expect(provisioner.asked[0]).toMatchObject({
      bootId: "b1",
      stage: Stage.SCRIPT,
      client: {
        mac: asking.mac,
        macs: asking.macs,
        uuid: asking.uuid,
        architecture: "uefi-x64",
        userClass: "iPXE",
        serial: "",
      },
    });
    expect([...provisioner.peers]).toEqual(["O=rack-7"]);
  });

  test.each([
    ["to chain", { case: "chain", value: { url: "http://x/" } }, { do: "chain", url: "http://x/" }],
    [
      "to wait",
      { case: "hold", value: { retryAfter: { nanos: 500_000_000 } } },
      { do: "hold", retryAfterS: 0.5 },
    ],
    ["to stay away", { case: "ignore", value: {} }, { do: "ignore" }],
    ["for the disk", { case: "disk", value: { method: 3 } }, { do: "disk", method: "http-404" }],
    [
      "for a kernel",
      { case: "kernel", value: { kernel: "k", initrds: ["i"] } },
      { do: "kernel", loader: "ipxe", kernel: "k", initrds: ["i"], args: [], paceBytesPerSecond: undefined },
    ],
    ["of a newer provisioner", undefined, { do: "hold" }],
  ])("%s is understood", async (_, answer, plan) => {
    provisioner.answer = { plan: { why: "because", loader: 2, ...(answer && { do: answer }) } };
    expect(await (await start()).plan(asking, signal)).toMatchObject(plan);
  });

  test("is kept without its secrets for when the provisioner is away, also by the next process", async () => {
    const args = [{ name: "quiet" }, { name: "ingot.token", value: "s3cret", secret: true }];
    provisioner.answer = {
      plan: { why: "in the pool", do: { case: "kernel", value: { kernel: "vmlinuz", arguments: args } } },
    };
    expect(await (await start()).plan(asking, signal)).toMatchObject({
      args: [{ name: "quiet" }, { name: "ingot.token", value: "s3cret" }],
    });
    await provisioner.kill();
    await stop();
    expect(await readFile(join(folder, "plans.json"), "utf8")).not.toContain("s3cret");

    const plan = await (await start()).plan(asking, signal);
    expect(plan).toMatchObject({ do: "kernel", kernel: "vmlinuz", args: [{ name: "quiet" }] });
    expect(plan.why).toBe("in the pool (as before: the provisioner does not answer)");
  });

  test("of a machine that nobody knows, while the provisioner is away, leaves its firmware alone", async () => {
    await provisioner.kill();
    const booter = await start();
    expect(await booter.plan({ ...asking, stage: "firmware" }, signal)).toMatchObject({ do: "ignore" });
    expect(await booter.plan(asking, signal)).toMatchObject({
      do: "hold",
      why: "the provisioner does not answer",
    });
  });

  test("is the provisioner's again as soon as it is back", async () => {
    const booter = await start();
    await booter.plan(asking, signal);
    await provisioner.kill();
    expect((await booter.plan(asking, signal)).why).toContain("as before");
    await provisioner.start();
    await vi.waitFor(async () => expect((await booter.plan(asking, signal)).why).toBe("installed"), patience);
    expect(warnings.at(-1)).toBe("the provisioner answers again");
  });

  test("is nothing when the provisioner refuses us", async () => {
    const booter = await start();
    await booter.plan(asking, signal);
    provisioner.answer = new GrpcError("permissionDenied", "rack-7 was removed");
    expect(await booter.plan(asking, signal)).toEqual({
      do: "ignore",
      why: "the provisioner refuses this pxe-server: rack-7 was removed",
    });
  });
});

describe("an asset", () => {
  test("is fetched before a machine asks, and is here when the provisioner is not", async () => {
    await start();
    await vi.waitFor(async () => expect(await cached()).toHaveLength(1), patience);
    await stop();
    await provisioner.kill();
    const again = await start();
    const asset = await again.asset("vmlinuz", signal);
    expect(kernelBytes.equals(asset!.bytes)).toBe(true);
    expect(await again.asset("../plans.json", signal)).toBeUndefined();
  });

  test("goes on where it ended when the provisioner is killed in the middle", async () => {
    provisioner.killAfterChunks = 5;
    const booter = await start();
    await vi.waitFor(async () => {
      expect(kernelBytes.equals((await booter.asset("vmlinuz", signal))!.bytes)).toBe(true);
    }, patience);
    expect(provisioner.offsets[0]).toBe(0);
    expect(provisioner.offsets.at(-1)).toBeGreaterThan(0);
  });

  test("goes on where it ended when we are killed in the middle", async () => {
    const half = kernelBytes.subarray(0, 400_000);
    await start();
    await vi.waitFor(async () => expect(await cached()).toHaveLength(1), patience);
    await stop();
    const [name] = await cached();
    await rm(join(folder, "assets", name!));
    await writeFile(join(folder, "assets", `${name}.part`), half);
    provisioner.offsets.length = 0;
    const asset = await (await start()).asset("vmlinuz", signal);
    expect(kernelBytes.equals(asset!.bytes)).toBe(true);
    expect(provisioner.offsets).toEqual([400_000]);
  });

  test("that rotted on the disk is fetched again", async () => {
    await start();
    await vi.waitFor(async () => expect(await cached()).toHaveLength(1), patience);
    await stop();
    const [name] = await cached();
    await writeFile(join(folder, "assets", name!), Buffer.alloc(kernelBytes.length));
    const asset = await (await start()).asset("vmlinuz", signal);
    expect(kernelBytes.equals(asset!.bytes)).toBe(true);
  });

  test.each([
    ["has another digest", Buffer.alloc(kernelBytes.length)],
    ["never ends", Buffer.alloc(kernelBytes.length * 2)],
    ["is too short", Buffer.alloc(10)],
  ])("that %s is never served", async (_, lie) => {
    provisioner.lie = lie;
    const booter = await start();
    await vi.waitFor(() => expect(warnings.join()).toContain("Cannot fetch vmlinuz"), patience);
    await expect(booter.asset("vmlinuz", signal)).rejects.toThrow("Cannot fetch vmlinuz");
    expect(await cached()).toEqual([]);
    provisioner.lie = undefined;
    await vi.waitFor(async () => expect(await cached()).toHaveLength(1), patience);
  });

  test("makes room for the next one, the one no plan names any more first", async () => {
    const small = { maxDiskBytes: 1_500_000 };
    await start(small);
    await vi.waitFor(async () => expect(await cached()).toHaveLength(1), patience);
    await stop();
    const next = kernelBytes.toReversed();
    provisioner.assets = new Map([["vmlinuz", next]]);
    await start(small);
    await vi.waitFor(async () => expect(await cached()).toEqual([digestOf(next).toHex()]), patience);
  });

  test("larger than the whole cache is refused", async () => {
    await start({ maxDiskBytes: 1000 });
    await vi.waitFor(async () => {
      await expect(booter!.asset("vmlinuz", signal)).rejects.toThrow("are more than the cache's 1000");
    }, patience);
    expect(provisioner.offsets).toEqual([]);
  });
});

describe("reports", () => {
  const report = (n: number) =>
    booter!.report({
      bootId: "b1",
      mac: asking.mac,
      atMs: 1000 + n,
      progress: { step: "leased", address: `192.0.2.${n}` },
    });
  const numbers = () => provisioner.reports.map(({ number }) => Number(number));

  test("come in order, numbered, and again when the answer was lost", async () => {
    provisioner.refuseReports = 1;
    await start();
    for (let n = 1; n <= 3; n++) report(n);
    await vi.waitFor(() => expect(numbers()).toEqual([1, 2, 3, 1, 2, 3]), patience);
    expect(provisioner.reports[0]).toMatchObject({
      bootId: "b1",
      step: { case: "leased", value: { address: "192.0.2.1" } },
    });
  });

  test("wait while the provisioner is away", async () => {
    await start();
    await provisioner.kill();
    for (let n = 1; n <= 3; n++) report(n);
    await provisioner.start();
    await vi.waitFor(() => expect(new Set(numbers())).toEqual(new Set([1, 2, 3])), patience);
  });

  test("go out before we end", async () => {
    await start();
    report(1);
    await stop();
    expect(numbers()).toEqual([1]);
  });
});

test("a pxe-server says that it is there", async () => {
  await start();
  await vi.waitFor(() => expect(provisioner.announced).toHaveLength(1), patience);
  expect(provisioner.announced[0]).toMatchObject({
    version: "1.2.3",
    interfaces: [{ name: "eth0", addresses: ["192.0.2.1"], mode: 3 }],
  });
});

test("no plan is taken from a server that our authority did not sign", async () => {
  await using stranger = await makeTestAuthority();
  await using booter = await openRemoteBooter({
    address: `127.0.0.1:${provisioner.port}`,
    tls: { authorities: stranger.certificate, identity: segment },
    folder,
    maxDiskBytes: 1,
    maxMemoryBytes: 1,
    version: "1",
    interfaces: [],
    clock,
    onWarning: () => {},
  });
  expect(await booter.plan(asking, signal)).toMatchObject({ do: "hold" });
  expect(provisioner.asked).toEqual([]);
});

describe("the program", () => {
  /** On loopback, with every port one that was free a moment ago. */
  async function run(...more: readonly string[]) {
    const [http, tftp] = [await freePort(), await freePort()];
    const config = {
      segments: [{ interface: "lo", address: "127.0.0.1", dhcp: { mode: "off" } }],
      http: { port: http },
      tftp: { port: tftp, workers: 0 },
    };
    await writeFile(join(folder, "boot.yaml"), JSON.stringify(config));
    await writeFile(join(folder, "manifest.json"), JSON.stringify(await loaders()));
    const child = spawn(process.execPath, [
      ...[join(import.meta.dirname, "main.ts"), "--config", join(folder, "boot.yaml")],
      ...["--manifest", join(folder, "manifest.json"), "--loaders", folder, "--cache", join(folder, "cache")],
      ...more,
    ]);
    let said = "";
    child.stderr.on("data", (chunk: Buffer) => {
      said += chunk.toString();
    });
    return {
      http: `http://127.0.0.1:${http}`,
      said: () => said,
      ended: once(child, "close"),
      [Symbol.asyncDispose]: async () => {
        child.kill("SIGKILL");
        if (child.exitCode === null && child.signalCode === null) await once(child, "close");
      },
    };
  }

  async function loaders() {
    const files: Record<string, string> = {};
    for (const file of loaderFiles(["snponly", "ipxe"])) {
      await writeFile(join(folder, file), file);
      files[file] = digestOf(Buffer.from(file)).toHex();
    }
    return { version: "test", files };
  }

  test("boots a machine as the provisioner says, and after kill -9 without it", async () => {
    provisioner.answer = {
      plan: { why: "in the pool", do: { case: "kernel", value: { kernel: "vmlinuz" } } },
    };
    const dial = [
      ...["--provisioner", `https://127.0.0.1:${provisioner.port}`, "--ca", authority.certificateFile],
      ...["--cert", segment.certificateFile, "--key", segment.keyFile],
    ];
    for (const isAway of [false, true]) {
      if (isAway) await provisioner.kill();
      await using program = await run(...dial);
      await vi.waitFor(() => expect(program.said()).toContain("ready on lo"), patience);
      const script = await vi.waitFor(async () => {
        const response = await fetch(`${program.http}/boot.ipxe?mac=52-54-00-00-00-01`);
        const text = await response.text();
        expect(text).toContain("kernel --name kernel");
        return text;
      }, patience);
      const [url] = /http:\S+vmlinuz/.exec(script)!;
      await vi.waitFor(async () => {
        const bytes = Buffer.from(await (await fetch(url)).arrayBuffer());
        expect(kernelBytes.equals(bytes)).toBe(true);
      }, patience);
    }
  });

  test("refuses a provisioner without certificates", async () => {
    await using program = await run("--provisioner", "127.0.0.1:1");
    await program.ended;
    expect(program.said()).toContain("Cannot ask a provisioner: --ca, --cert and --key are needed too");
  });
});

async function freePort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  socket.close();
  return port;
}
