// The machine API against upstream's own descriptors, which test/compat/talos prints.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { DescFile } from "@bufbuild/protobuf";
import { beforeAll, expect, test } from "vitest";
import { wireShape } from "./wire-shape.ts";

const release = "v1.13.0";

/** What no client calls any more: the remains of a generator of configurations that v1.10 dropped, and of a call by name. */
const leftOut =
  /\bmachine\.(CNIConfig|ClusterConfig|ClusterNetworkConfig|ControlPlaneConfig|DHCPOptionsConfig|EtcdRemoveMember|EtcdRemoveMemberRequest|EtcdRemoveMemberResponse|InstallConfig|MachineConfig|NetworkConfig|NetworkDeviceConfig|RouteConfig)\b/;

/** Specs of resources: of upstream's many, those that we serve. */
const definitions = " talos.resource.definitions.";

const theirs = readFileSync(join(import.meta.dirname, `captures/talos-${release}-descriptors.txt`), "utf8")
  .trimEnd()
  .split("\n");
let ours: string[];

beforeAll(async () => {
  const gen = join(import.meta.dirname, "gen");
  const files = globSync(
    "{cluster,common,cosi,google,inspect,machine,resource,security,storage,time}/**/*_pb.js",
    {
      cwd: gen,
    },
  );
  const modules = await Promise.all(
    files.map((file) => import(join(gen, file)) as Promise<Record<string, unknown>>),
  );
  const descriptors = modules.flatMap((module) =>
    Object.entries(module).flatMap(([name, value]) => (name.startsWith("file_") ? [value as DescFile] : [])),
  );
  ours = descriptors.flatMap(wireShape);
});

test(`every call, message and number of ${release} is ours too`, () => {
  const known = new Set(ours);
  expect(theirs.length).toBeGreaterThan(1_000);
  const missing = theirs.filter((line) => !known.has(line) && !leftOut.test(line));
  expect(missing.filter((line) => !line.includes(definitions))).toEqual([]);
});

test(`what we have beyond ${release} came later`, () => {
  const known = new Set(theirs);
  expect(ours.filter((line) => !known.has(line)).sort()).toMatchInlineSnapshot(`
    [
      "field cosi.resource.TeardownAndDestroyOptions.owner 1 string",
      "field cosi.resource.TeardownAndDestroyRequest.id 3 string",
      "field cosi.resource.TeardownAndDestroyRequest.namespace 1 string",
      "field cosi.resource.TeardownAndDestroyRequest.options 4 cosi.resource.TeardownAndDestroyOptions",
      "field cosi.resource.TeardownAndDestroyRequest.type 2 string",
      "field cosi.resource.TeardownOptions.owner 1 string",
      "field cosi.resource.TeardownRequest.id 3 string",
      "field cosi.resource.TeardownRequest.namespace 1 string",
      "field cosi.resource.TeardownRequest.options 4 cosi.resource.TeardownOptions",
      "field cosi.resource.TeardownRequest.type 2 string",
      "field cosi.resource.TeardownResponse.destroy_ready 1 bool",
      "field machine.LVMServiceLogicalVolumeRemoveRequest.logical_volume 2 string",
      "field machine.LVMServiceLogicalVolumeRemoveRequest.volume_group 1 string",
      "field machine.LVMServicePhysicalVolumeRemoveRequest.device 1 string",
      "field machine.LVMServiceVolumeGroupRemoveRequest.volume_group 1 string",
      "field machine.MDDestroyRequest.device 1 string",
      "field machine.StorageServiceStatfsRequest.path 1 string",
      "field machine.StorageServiceStatfsResponse.available 3 uint64",
      "field machine.StorageServiceStatfsResponse.inodes 4 uint64",
      "field machine.StorageServiceStatfsResponse.inodes_free 6 uint64",
      "field machine.StorageServiceStatfsResponse.inodes_used 5 uint64",
      "field machine.StorageServiceStatfsResponse.size 1 uint64",
      "field machine.StorageServiceStatfsResponse.used 2 uint64",
      "field talos.resource.definitions.runtime.BootIDSpec.boot_id 1 string",
      "message cosi.resource.TeardownAndDestroyOptions",
      "message cosi.resource.TeardownAndDestroyRequest",
      "message cosi.resource.TeardownAndDestroyResponse",
      "message cosi.resource.TeardownOptions",
      "message cosi.resource.TeardownRequest",
      "message cosi.resource.TeardownResponse",
      "message machine.LVMServiceLogicalVolumeRemoveRequest",
      "message machine.LVMServicePhysicalVolumeRemoveRequest",
      "message machine.LVMServiceVolumeGroupRemoveRequest",
      "message machine.MDDestroyRequest",
      "message machine.StorageServiceStatfsRequest",
      "message machine.StorageServiceStatfsResponse",
      "message talos.resource.definitions.runtime.BootIDSpec",
      "rpc cosi.resource.State.Teardown cosi.resource.TeardownRequest -> cosi.resource.TeardownResponse",
      "rpc cosi.resource.State.TeardownAndDestroy cosi.resource.TeardownAndDestroyRequest -> cosi.resource.TeardownAndDestroyResponse",
      "rpc machine.LVMService.LogicalVolumeRemove machine.LVMServiceLogicalVolumeRemoveRequest -> google.protobuf.Empty",
      "rpc machine.LVMService.PhysicalVolumeRemove machine.LVMServicePhysicalVolumeRemoveRequest -> google.protobuf.Empty",
      "rpc machine.LVMService.VolumeGroupRemove machine.LVMServiceVolumeGroupRemoveRequest -> google.protobuf.Empty",
      "rpc machine.MDService.Destroy machine.MDDestroyRequest -> google.protobuf.Empty",
      "rpc machine.StorageService.Statfs machine.StorageServiceStatfsRequest -> machine.StorageServiceStatfsResponse",
      "value machine.DebugContainerRunRequestSpec.Profile.PROFILE_HOST_NS 2",
    ]
  `);
});
