import { createHash } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ResetRequestSchema, UpgradeRequestSchema } from "../../api/gen/machine/power_pb.js";
import { runTool } from "../kernel/run-tool.ts";
import type { FragileDisk } from "./fragile-disk.ts";
import { installation, type SequenceTask } from "./installation.ts";
import { metaTags } from "./meta/block.ts";
import { installedDisk, randomOf, systemOn } from "./power-cuts.ts";

let folder: string;
let installed: FragileDisk;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "ingot-installation-"));
  installed = await installedDisk(randomOf(7), { scratch: folder, run: runTool((child) => child) });
});
afterAll(() => rmSync(folder, { recursive: true }));

const parts: Readonly<Record<string, Buffer>> = {
  vmlinuz: Buffer.from("a kernel"),
  initramfs: Buffer.alloc(9000, "i"),
};
const facts = (bytes: Buffer) => ({
  ...{ sizeBytes: bytes.length, sha256: createHash("sha256").update(bytes).digest("hex") },
});
const manifest = JSON.stringify({
  ...{ version: 1, profile: "virt", kernelArguments: ["quiet"] },
  kernel: { release: "6.12", ...facts(parts.vmlinuz!) },
  initramfs: facts(parts.initramfs!),
});
const served: typeof fetch = async (asked) => {
  const { href } = asked instanceof URL ? asked : new URL(asked instanceof Request ? asked.url : asked);
  const name = href.split("/").at(-1)!;
  if (!href.startsWith("http://images/2/")) return new Response("", { status: 404 });
  return new Response(name === "manifest.json" ? manifest : Uint8Array.from(parts[name]!));
};

/** A machine whose boot ends as soon as it is told to; `ended` resolves to how. */
async function machine({ breaks = false } = {}) {
  const disk = installed.copy();
  const system = await systemOn(disk, "a");
  const told: string[] = [];
  const { promise: ended, resolve: over } = Promise.withResolvers<string>();
  const hold = Promise.withResolvers<void>();
  const said: string[] = [];
  const node = installation({
    ...{ system, systemDisk: "vda", key: undefined, fetch: served, signal: new AbortController().signal },
    registry: async () => [],
    disks: async () => [],
    reset: {
      open: async () => {
        throw new Error("Cannot open it: nobody does");
      },
      wipe: async () => ({
        outcome: "failed",
        step: "open",
        why: "EIO",
        method: undefined,
        proof: undefined,
      }),
      unmountVolumes: async () => {},
    },
    async sequence(name, actorId, tasks: readonly SequenceTask[]) {
      told.push(`${name} by ${actorId}: ${tasks.map((task) => task.name).join(", ")}`);
      await hold.promise;
      if (breaks) throw new Error("the disk is gone");
      for (const { run } of tasks) await run();
    },
    said: (_, text) => {
      said.push(text);
      if (text.startsWith("Cannot")) over(text);
    },
    upgraded: async ({ phase, reason }) => told.push(`${phase}: ${reason}`),
    end: (how, { sequence, actorId }) => over(`${how}, ${sequence} by ${actorId}`),
  });
  return { node, system, told, said, ended, go: () => hold.resolve() };
}

const request = (rest: object = {}) => create(UpgradeRequestSchema, { image: "http://images/2", ...rest });

describe("an upgrade over the API", () => {
  test("is answered at once, is told of step by step, and ends in a restart", async () => {
    const { node, system, told, ended, go } = await machine();
    await node.upgrade(request(), "actor");
    await expect(node.upgrade(request(), "other")).rejects.toMatchObject({ code: "failedPrecondition" });
    go();
    expect(await ended).toBe("restart, reboot by actor");
    expect(told).toEqual(["upgrade by actor: upgrade"]);
    expect(await system.bootState()).toEqual({ is: "installed", default: "a", next: "b" });
    expect((await system.contents("b"))?.kernelArguments[0]).toBe("quiet");
  });

  test.each([
    ["", "invalidArgument", /an image is required/],
    ["http://images/3", "failedPrecondition", /the server says 404/],
    ["no reference!", "failedPrecondition", /no reference to an image/],
  ])("to %j is refused to whoever asks", async (image, code, reason) => {
    const { node } = await machine();
    await expect(node.upgrade(request({ image }), "")).rejects.toMatchObject({
      code,
      message: expect.stringMatching(reason),
    });
    await expect(node.checkImage(image, new AbortController().signal)).rejects.toMatchObject({ code });
    // Nothing stays claimed.
    await expect(node.upgrade(request(), "")).resolves.toBeUndefined();
  });

  test("that fails leaves the machine running, and says why", async () => {
    const { node, system, told, ended, go } = await machine({ breaks: true });
    await node.upgrade(request(), "actor");
    go();
    expect(await ended).toBe("Cannot upgrade: the disk is gone");
    expect(told.at(-1)).toBe("failed: the disk is gone");
    expect(await system.bootState()).toMatchObject({ default: "a", next: undefined });
  });

  test("that is staged waits in META for the next boot", async () => {
    const { node, system, ended } = await machine();
    await node.upgrade(request({ stage: true }), "actor");
    expect(await ended).toBe("restart, reboot by actor");
    expect(await system.stagedUpgrade()).toBe("http://images/2");
    await system.forgetStagedUpgrade();
    expect((await system.meta()).has(metaTags.stagedUpgradeImage)).toBe(false);
  });

  test("tells newer clients how far it is", async () => {
    const { node, go } = await machine();
    const said: string[] = [];
    go();
    await node.writeSystem("http://images/2", {
      said: (text) => said.push(text),
      signal: new AbortController().signal,
    });
    expect(said).toEqual([
      "writing http://images/2 beside slot a",
      "100 % of the image is written",
      "written; the next boot tries it",
    ]);
  });
});

describe("on trial", () => {
  test("a slot is neither upgraded from nor forgotten", async () => {
    const { node, system, ended, go } = await machine();
    await node.upgrade(request(), "actor");
    go();
    await ended;
    expect(await system.trial()).toEqual({ slot: "b", image: "http://images/2" });
    await system.noteTrial({ reached: "PID 1" });
    await system.noteTrial({ failure: "it was too slow" });
    expect(await system.trial()).toMatchObject({ reached: "PID 1", failure: "it was too slow" });
  });
});

test("a rollback to nothing is refused, and a reset that fails leaves the machine running", async () => {
  const { node, ended, told, go } = await machine();
  await expect(node.rollback()).rejects.toMatchObject({
    code: "failedPrecondition",
    message: expect.stringContaining("the other slot is empty"),
  });
  await node.reset(
    create(ResetRequestSchema, { reboot: true }),
    "actor",
    async () => void told.push("stopped"),
  );
  go();
  expect(await ended).toMatch(/^Cannot reset: /);
  expect(told).toEqual([
    "reset by actor: stopServicesForUpgrade, unmountVolumes, reset STATE, reset META, resetSystemDisk",
    "stopped",
  ]);
});

test("values in META are written and deleted", async () => {
  const { node, system } = await machine();
  await node.meta.write(0x0c, Buffer.from("mine"));
  expect(Buffer.from((await system.meta()).get(0x0c)!).toString()).toBe("mine");
  expect([await node.meta.delete(0x0c), await node.meta.delete(0x0c)]).toEqual([true, false]);
});
