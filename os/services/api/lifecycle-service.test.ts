import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  LifecycleServiceInstallRequestSchema as InstallRequest,
  LifecycleServiceInstallResponseSchema as InstallResponse,
  LifecycleService,
  LifecycleServiceUpgradeRequestSchema as UpgradeRequest,
  LifecycleServiceUpgradeResponseSchema as UpgradeResponse,
} from "../../../api/gen/machine/lifecycle_pb.js";
import { GrpcError } from "../../../api/grpc/error.ts";
import type { Call } from "../../../api/grpc/handlers.ts";
import { type InstallSystem, lifecycleService, type WriteSystem } from "./lifecycle-service.ts";

const call = { signal: new AbortController().signal } as Call;
const never: InstallSystem = () => Promise.reject(new Error("nobody asked for it"));

async function* once(bytes: Uint8Array) {
  yield bytes;
}

async function upgrade(write: WriteSystem | undefined, imageName = "factory/ingot:v2") {
  const request = toBinary(UpgradeRequest, create(UpgradeRequest, { source: { imageName } }));
  const { answer } = lifecycleService({ installSystem: never, writeSystem: () => write });
  const answers = answer(LifecycleService.method.upgrade, once(request), call);
  return Array.fromAsync(answers, (bytes) => {
    const { response } = fromBinary(UpgradeResponse, bytes).progress!;
    return [response.case, response.value] as const;
  });
}

async function install(
  installSystem: InstallSystem,
  { imageName = "factory/ingot:v2", disk = "/dev/vda" } = {},
) {
  const asked = create(InstallRequest, { source: { imageName }, destination: { disk } });
  const { answer } = lifecycleService({ installSystem, writeSystem: () => undefined });
  const answers = answer(LifecycleService.method.install, once(toBinary(InstallRequest, asked)), call);
  return Array.fromAsync(answers, (bytes) => {
    const { response } = fromBinary(InstallResponse, bytes).progress!;
    return [response.case, response.value] as const;
  });
}

describe("an upgrade as newer clients ask for it", () => {
  test("tells its progress, and ends with an exit code", async () => {
    const said = await upgrade(async (image, { said }) => {
      said(`fetching ${image}`);
      await Promise.resolve();
      said("written to slot B");
    });
    expect(said).toEqual([
      ["message", "fetching factory/ingot:v2"],
      ["message", "written to slot B"],
      ["exitCode", 0],
    ]);
  });

  test("that fails says why, and ends with another code", async () => {
    const said = await upgrade(() => Promise.reject(new Error("Cannot verify the image: it is not signed")));
    expect(said).toEqual([
      ["message", "Cannot verify the image: it is not signed"],
      ["exitCode", 1],
    ]);
  });

  test("is refused where nothing is installed, and without an image", async () => {
    await expect(upgrade(undefined)).rejects.toMatchObject({ code: "failedPrecondition" });
    await expect(upgrade(() => Promise.resolve(), "")).rejects.toMatchObject({ code: "invalidArgument" });
  });
});

describe("an installation as newer clients ask for it", () => {
  test("tells its progress, and ends with an exit code", async () => {
    const said = await install(async ({ image, disk }, { said }) => {
      said(`fetching ${image}`);
      await Promise.resolve();
      said(`written to ${disk}`);
    });
    expect(said).toEqual([
      ["message", "fetching factory/ingot:v2"],
      ["message", "written to /dev/vda"],
      ["exitCode", 0],
    ]);
  });

  test("that fails says why, and ends with another code", async () => {
    expect(await install(() => Promise.reject(new Error("the disk is gone")))).toEqual([
      ["message", "the disk is gone"],
      ["exitCode", 1],
    ]);
  });

  test("that is refused was not begun: there is no exit code", async () => {
    const refusal = new GrpcError("alreadyExists", "machine is already installed");
    await expect(install(() => Promise.reject(refusal))).rejects.toBe(refusal);
  });

  test("takes an image and a disk", async () => {
    await expect(install(never, { imageName: "" })).rejects.toMatchObject({ code: "invalidArgument" });
    await expect(install(never, { disk: "" })).rejects.toMatchObject({ code: "invalidArgument" });
  });
});
