// Every call of the machine API, made once: what is promised is served, and all else says in a sentence that it is not.
import { afterAll, beforeAll, expect, test } from "vitest";
import { ClusterService } from "../../../api/gen/cluster/cluster_pb.js";
import { State } from "../../../api/gen/cosi/state_pb.js";
import { InspectService } from "../../../api/gen/inspect/inspect_pb.js";
import { DebugService } from "../../../api/gen/machine/debug_pb.js";
import { ImageService } from "../../../api/gen/machine/image_pb.js";
import { LifecycleService } from "../../../api/gen/machine/lifecycle_pb.js";
import { MachineService } from "../../../api/gen/machine/machine_pb.js";
import {
  StorageService as FilesystemService,
  LVMService,
  MDService,
} from "../../../api/gen/machine/storage_pb.js";
import { StorageService } from "../../../api/gen/storage/storage_pb.js";
import { TimeService } from "../../../api/gen/time/time_pb.js";
import { type Channel, openChannel } from "../../../api/grpc/channel.ts";
import { callInBytes } from "../../../api/grpc/client.ts";
import { ClientTlsCredentials } from "../../../api/grpc/client-tls.ts";
import { GrpcError } from "../../../api/grpc/error.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import { machineAuthority } from "../../../machine-config/generate/secrets.ts";
import { openPracticeNode, type PracticeNode, practiceCluster } from "./practice-node.ts";

let node: PracticeNode;
let channel: Channel;
beforeAll(async () => {
  const { secrets, controlPlane: config } = await practiceCluster();
  node = await openPracticeNode({ config });
  const authority = machineAuthority(secrets, systemClock);
  const { certificate, key } = await authority.issue({
    organization: ["os:admin"],
    purposes: ["clientAuth"],
  });
  channel = openChannel({
    address: node.address,
    credentials: new ClientTlsCredentials({
      authorities: authority.certificate.pem,
      identity: { certificate: certificate.pem, key: key.pkcs8Pem },
    }),
  });
});
afterAll(async () => {
  channel[Symbol.dispose]();
  await node[Symbol.asyncDispose]();
});

/** What an empty request is refused with; undefined when it is answered. */
async function refusal(path: string): Promise<GrpcError | undefined> {
  const enough = new AbortController();
  async function* empty() {
    yield new Uint8Array();
  }
  try {
    // Some streams have no end; others are as long as the disk is large.
    for await (const _ of callInBytes(channel, path)(empty(), { signal: enough.signal })) break;
    return undefined;
  } catch (error) {
    if (error instanceof GrpcError) return error;
    throw error;
  } finally {
    enough.abort();
  }
}

const services = [
  ...[MachineService, ImageService, LifecycleService, StorageService, TimeService],
  ...[ClusterService, DebugService, InspectService, FilesystemService, LVMService, MDService, State],
];
const paths = services.flatMap(({ typeName, methods }) => methods.map(({ name }) => `/${typeName}/${name}`));

/** What a node serves, whatever else comes. */
const promised: Readonly<Record<string, string>> = {
  "machine.MachineService": `Version Hostname ServiceList ServiceStart ServiceStop ServiceRestart Logs LogsContainers Dmesg
    Events Read List Copy DiskUsage Processes Memory LoadAvg CPUInfo CPUFreqStats SystemStat DiskStats NetworkDeviceStats
    Mounts MetaWrite MetaDelete ApplyConfiguration Reboot Shutdown Reset Rollback Upgrade GenerateClientConfiguration
    Netstat`,
  "storage.StorageService": "Disks BlockDeviceWipe",
  "machine.StorageService": "Statfs",
  "time.TimeService": "Time TimeCheck",
  "machine.LifecycleService": "Install Upgrade",
  "machine.ImageService": "Pull",
  "cosi.resource.State": "Get List Watch",
};

test("what is promised is there, and served; all else says in a sentence that it is not", async () => {
  const served = Object.entries(promised).flatMap(([service, methods]) =>
    methods.split(/\s+/).map((method) => `/${service}/${method}`),
  );
  expect(served.filter((path) => !paths.includes(path))).toEqual([]);
  const refused = new Map(await Promise.all(paths.map(async (path) => [path, await refusal(path)] as const)));
  // There are no containers yet, so logs of theirs are refused, too: in other words.
  const isUnserved = (path: string) =>
    refused.get(path)?.code === "unimplemented" && path !== "/machine.MachineService/Logs";
  expect(served.filter(isUnserved)).toEqual([]);
  const others = paths.filter((path) => !served.includes(path));
  for (const path of others) {
    // Resources are there to be read: the verbs that write are known, and refused.
    if (path.startsWith("/cosi.resource.State/")) continue;
    expect(refused.get(path)?.code, path).toBe("unimplemented");
    expect(refused.get(path)?.details, path).toMatch(
      / of [\w.]+ is not served here$|^The server does not implement the method \/[\w./]+$/,
    );
  }
  expect(others.length).toBeGreaterThan(30);
});

test.each(["Create", "Update", "Destroy", "Teardown", "TeardownAndDestroy"])(
  "resources are not written by %s, by nobody",
  async (verb) => {
    const error = await refusal(`/cosi.resource.State/${verb}`);
    expect(["permissionDenied", "invalidArgument"]).toContain(error?.code);
    expect(error?.details).toMatch(/\w{3,} \w{2,}/);
  },
);
