// Against a provisioner played by a real gRPC server with mTLS, which is killed, restarted and made to lie.
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from "vitest";
import { Stage } from "../api/gen/ingot/boot/v1/boot_pb.js";
import { GrpcError } from "../api/grpc/error.ts";
import {
  makeTestAuthority,
  type TestAuthority,
  type TestCertificate,
} from "../workshop/test-certificates.ts";
import type { Asking } from "./booter.ts";
import type { Clock } from "./clock.ts";
import { openRemoteBooter, type RemoteBooter } from "./remote-booter.ts";
import { digestOf, kernelBytes, ScriptedProvisioner } from "./scripted-provisioner.ts";
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
let authority: TestAuthority;
let server: TestCertificate;
let segment: TestCertificate;
beforeAll(async () => {
  authority = await makeTestAuthority();
  [server, segment] = [await authority.issue("server"), await authority.issue("rack-7")];
});
afterAll(() => authority[Symbol.asyncDispose]());

let provisioner: ScriptedProvisioner;
let folder: string;
let booter: RemoteBooter | undefined;
let warnings: string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ingot-remote-"));
  warnings = [];
  provisioner = new ScriptedProvisioner({ identity: server, clientAuthorities: authority.certificate });
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
