import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import {
  LifecycleService,
  LifecycleServiceUpgradeRequestSchema as RequestSchema,
  LifecycleServiceUpgradeResponseSchema as ResponseSchema,
} from "../../../api/gen/machine/lifecycle_pb.js";
import type { Call } from "../../../api/grpc/handlers.ts";
import { lifecycleService, type WriteSystem } from "./lifecycle-service.ts";

const call = { signal: new AbortController().signal } as Call;

async function upgrade(write: WriteSystem | undefined, imageName = "factory/ingot:v2") {
  async function* requests() {
    yield toBinary(RequestSchema, create(RequestSchema, { source: { imageName } }));
  }
  const { answer } = lifecycleService({ writeSystem: () => write });
  const answers = answer(LifecycleService.method.upgrade, requests(), call);
  return Array.fromAsync(answers, (bytes) => {
    const { response } = fromBinary(ResponseSchema, bytes).progress!;
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
