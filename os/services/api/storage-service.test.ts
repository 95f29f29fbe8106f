import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { beforeEach, describe, expect, test } from "vitest";
import {
  type BlockDeviceWipeDescriptorSchema,
  BlockDeviceWipeDescriptor_Method as Method,
  BlockDeviceWipeRequestSchema as Request,
  StorageService,
} from "../../../api/gen/storage/storage_pb.js";
import type { Call } from "../../../api/grpc/handlers.ts";
import { someDisk } from "../../block/some-disk.ts";
import { storageService } from "./storage-service.ts";

const disks = [someDisk("/dev/vda"), someDisk("/dev/vdb"), someDisk("/dev/vdc", { readOnly: true })];

let did: string[];
beforeEach(() => {
  did = [];
});

async function wipe(...devices: MessageInitShape<typeof BlockDeviceWipeDescriptorSchema>[]) {
  const { answer } = storageService({
    disks: () => Promise.resolve(disks),
    systemDisk: () => Promise.resolve("vda"),
    async partitionNamed(name) {
      const [, of = "", number] = /^(vd[a-c])(\d+)$/.exec(name) ?? [];
      return number === undefined ? undefined : { disk: of, number: Number(number) };
    },
    usesOf: (name) => Promise.resolve(name === "vdb2" ? ["it is mounted at /var/mnt/data"] : []),
    wipe(device, methods) {
      did.push(`wipe ${device} (${methods.join(", ")})`);
      const proof = { kind: "edges", samples: 0, mismatches: 0, left: undefined } as const;
      return Promise.resolve({ outcome: "wiped", method: "fast", proof } as const);
    },
    dropPartition: ({ devPath }, number) => Promise.resolve(void did.push(`drop ${number} of ${devPath}`)),
  });
  async function* requests() {
    yield toBinary(Request, create(Request, { devices }));
  }
  const call = { signal: new AbortController().signal } as Call;
  await Array.fromAsync(answer(StorageService.method.blockDeviceWipe, requests(), call));
  return did;
}

describe("a wipe", () => {
  test("is of disks, and of partitions, which may go from their tables", async () => {
    expect(
      await wipe(
        { device: "vdb" },
        { device: "vdb1", method: Method.ZEROES },
        { device: "vda9", dropPartition: true },
      ),
    ).toEqual([
      "wipe /dev/vdb (fast)",
      "wipe /dev/vdb1 (zero, overwrite)",
      "wipe /dev/vda9 (fast)",
      "drop 9 of /dev/vda",
    ]);
  });

  test("has nothing to drop of a disk", async () => {
    expect(await wipe({ device: "vdb", dropPartition: true })).toEqual(["wipe /dev/vdb (fast)"]);
  });

  test("of what is in use is done when somebody says so", async () => {
    expect(await wipe({ device: "vdb2", skipVolumeCheck: true })).toEqual(["wipe /dev/vdb2 (fast)"]);
  });

  test.each([
    ["vdz", "notFound", 'blockdevice "vdz" not found'],
    ["vdz1", "notFound", 'blockdevice "vdz1" not found'],
    ["../vdb", "invalidArgument", '"../vdb" is no block device\'s name'],
    ["vdc1", "failedPrecondition", 'blockdevice "vdc1" is read-only'],
    ["vda", "failedPrecondition", 'blockdevice "vda" is the system disk'],
    ["vda8", "failedPrecondition", 'blockdevice "vda8" is part of the system'],
    ["vdb2", "failedPrecondition", 'blockdevice "vdb2" is in use: it is mounted at /var/mnt/data'],
  ])("of %s is refused, before anything is touched", async (device, code, details) => {
    await expect(wipe({ device: "vdb" }, { device })).rejects.toMatchObject({ code, details });
    expect(did).toEqual([]);
  });
});
