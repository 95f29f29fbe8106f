// Every call of the machine API, made once: what is not served says so in a sentence, and nothing else does.
import { afterAll, beforeAll, expect, test } from "vitest";
import { ClusterService } from "../../../api/gen/cluster/cluster_pb.js";
import { DebugService } from "../../../api/gen/machine/debug_pb.js";
import { ImageService } from "../../../api/gen/machine/image_pb.js";
import { LifecycleService } from "../../../api/gen/machine/lifecycle_pb.js";
import { MachineService } from "../../../api/gen/machine/machine_pb.js";
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
  ...[ClusterService, DebugService],
];
const paths = services.flatMap(({ typeName, methods }) => methods.map(({ name }) => `/${typeName}/${name}`));

test("what is not served says so, and the rest is served", async () => {
  const refused = await Promise.all(paths.map(async (path) => [path, await refusal(path)] as const));
  // There are no containers yet, so logs of theirs are refused, too: in other words.
  const unserved = refused.filter(
    ([path, error]) => error?.code === "unimplemented" && path !== "/machine.MachineService/Logs",
  );
  for (const [path, error] of unserved)
    expect(error?.details, path).toMatch(
      / of [\w.]+ is not served here$|^The server does not implement the method \/[\w./]+$/,
    );
  expect(unserved.map(([path]) => path)).toMatchInlineSnapshot(`
    [
      "/machine.MachineService/Bootstrap",
      "/machine.MachineService/Containers",
      "/machine.MachineService/EtcdMemberList",
      "/machine.MachineService/EtcdRemoveMemberByID",
      "/machine.MachineService/EtcdLeaveCluster",
      "/machine.MachineService/EtcdForfeitLeadership",
      "/machine.MachineService/EtcdRecover",
      "/machine.MachineService/EtcdSnapshot",
      "/machine.MachineService/EtcdAlarmList",
      "/machine.MachineService/EtcdAlarmDisarm",
      "/machine.MachineService/EtcdDefragment",
      "/machine.MachineService/EtcdStatus",
      "/machine.MachineService/EtcdDowngradeValidate",
      "/machine.MachineService/EtcdDowngradeEnable",
      "/machine.MachineService/EtcdDowngradeCancel",
      "/machine.MachineService/Kubeconfig",
      "/machine.MachineService/Restart",
      "/machine.MachineService/Stats",
      "/machine.MachineService/PacketCapture",
      "/machine.MachineService/ImageList",
      "/machine.MachineService/ImagePull",
      "/machine.ImageService/List",
      "/machine.ImageService/Import",
      "/machine.ImageService/Remove",
      "/machine.ImageService/Verify",
      "/machine.LifecycleService/Install",
      "/cluster.ClusterService/HealthCheck",
      "/machine.DebugService/ContainerRun",
    ]
  `);
});
