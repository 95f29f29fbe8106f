// Messages with a trap in them: their bytes as upstream's own Go code wrote them, and what they say.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import {
  create,
  type DescMessage,
  equals,
  fromBinary,
  type MessageInitShape,
  toBinary,
} from "@bufbuild/protobuf";
import { describe, expect, test } from "vitest";
import { DataSchema } from "./gen/common/common_pb.js";
import { EventType, WatchRequestSchema, WatchResponseSchema } from "./gen/cosi/state_pb.js";
import {
  ApplyConfigurationRequest_Mode,
  ApplyConfigurationRequestSchema,
} from "./gen/machine/configuration_pb.js";
import { EtcdMemberSchema } from "./gen/machine/etcd_pb.js";
import {
  EventSchema,
  MachineStatusEvent_MachineStage,
  MachineStatusEventSchema,
  ServiceStateEvent_Action,
  ServiceStateEventSchema,
} from "./gen/machine/events_pb.js";
import { FileInfoSchema } from "./gen/machine/files_pb.js";
import { LifecycleServiceInstallResponseSchema } from "./gen/machine/lifecycle_pb.js";
import { LogsRequestSchema } from "./gen/machine/logs_pb.js";
import { HostnameResponseSchema, ProcessInfoSchema } from "./gen/machine/statistics_pb.js";

const captures = new Map(
  readFileSync(join(import.meta.dirname, "captures/talos-v1.13.0-messages.txt"), "utf8")
    .trimEnd()
    .split("\n")
    .map((line) => line.split(" | "))
    .map(([type, says, hex]) => [says!, { type: type!, bytes: Buffer.from(hex!, "hex") }]),
);

/** A message of ours beside the capture that says the same. */
const says = <D extends DescMessage>(name: string, schema: D, message: MessageInitShape<D>) =>
  [name, schema, create(schema, message)] as const;

const any = <D extends DescMessage>(schema: D, message: MessageInitShape<D>) => ({
  typeUrl: `talos/runtime/${schema.typeName}`,
  value: toBinary(schema, create(schema, message)),
});

const moment = { seconds: BigInt(Date.UTC(2026, 7, 14, 12, 22, 32) / 1000), nanos: 500 };

// Go's FileMode (package io/fs): its type bits are its own.
const go = {
  dir: 2 ** 31,
  symlink: 2 ** 27,
  device: 2 ** 26,
  setuid: 2 ** 23,
  charDevice: 2 ** 21,
  sticky: 2 ** 20,
};

const cases: readonly (readonly [string, DescMessage, ReturnType<typeof create>])[] = [
  says("the hello of an event stream", EventSchema, {}),
  says("a machine that runs, with its condition unmet", EventSchema, {
    data: any(MachineStatusEventSchema, {
      stage: MachineStatusEvent_MachineStage.RUNNING,
      status: { unmetConditions: [{ name: "nodeReady", reason: "node is not ready" }] },
    }),
    id: "d2f0a1s0c3v1r0m2p5q0",
    actorId: "6f2d1a9e-0a7b-4f3c-9a59-3f6b1d2c4e5f",
  }),
  says("a service that starts: the action numbered last", EventSchema, {
    data: any(ServiceStateEventSchema, {
      service: "kubelet",
      action: ServiceStateEvent_Action.STARTING,
      health: { unknown: true, lastChange: moment },
    }),
  }),
  says("a directory, in Go's FileMode", FileInfoSchema, {
    name: "/etc",
    relativeName: "etc",
    isDir: true,
    mode: go.dir + 0o755,
    modified: 1_786_000_000n,
  }),
  says("a sticky directory, in Go's FileMode", FileInfoSchema, {
    name: "/tmp",
    relativeName: "tmp",
    isDir: true,
    mode: go.dir + go.sticky + 0o777,
  }),
  says("a symbolic link, in Go's FileMode", FileInfoSchema, {
    name: "/bin",
    relativeName: "bin",
    link: "usr/bin",
    mode: go.symlink + 0o777,
  }),
  says("a set-user-id program, in Go's FileMode", FileInfoSchema, {
    name: "/usr/bin/su",
    relativeName: "su",
    size: 71_912n,
    mode: go.setuid + 0o755,
    xattrs: [{ name: "security.selinux", data: Buffer.from("system_u\0") }],
  }),
  says("a character device, in Go's FileMode", FileInfoSchema, {
    name: "/dev/null",
    relativeName: "null",
    mode: go.device + go.charDevice + 0o666,
  }),
  says("an answer of one node, as the proxy completes it", HostnameResponseSchema, {
    messages: [{ metadata: { hostname: "10.0.0.1" }, hostname: "one" }],
  }),
  says("a node that failed", HostnameResponseSchema, {
    messages: [
      {
        metadata: {
          hostname: "10.0.0.2",
          error: "rpc error: code = Unavailable desc = no route to host",
          status: { code: 14, message: "no route to host" },
        },
      },
    ],
  }),
  says("a chunk of a stream", DataSchema, {
    metadata: { hostname: "10.0.0.1" },
    bytes: Uint8Array.of(0, 1, 0xff),
  }),
  says("a configuration to try", ApplyConfigurationRequestSchema, {
    data: Buffer.from("version: v1alpha1\n"),
    mode: ApplyConfigurationRequest_Mode.TRY,
    tryModeTimeout: { seconds: 90n },
  }),
  says("all logs: a negative number of lines", LogsRequestSchema, {
    namespace: "system",
    id: "apid",
    tailLines: -1,
  }),
  says("an etcd member whose id needs all 64 bits", EtcdMemberSchema, {
    id: 0xfedc_ba98_7654_3210n,
    hostname: "cp-1",
    peerUrls: ["https://10.0.0.1:2380"],
    isLearner: true,
  }),
  says("a process", ProcessInfoSchema, {
    pid: 1,
    cpuTime: 12.25,
    state: "S",
    args: "/sbin/init",
    label: "system_u",
  }),
  says(
    "the end of an installation that went well: a zero that is there",
    LifecycleServiceInstallResponseSchema,
    { progress: { response: { case: "exitCode", value: 0 } } },
  ),
  says("the first of a watch", WatchResponseSchema, {}),
  says("a resource that was updated", WatchResponseSchema, {
    event: [
      {
        eventType: EventType.UPDATED,
        resource: {
          metadata: {
            namespace: "runtime",
            type: "Services.v1alpha1.talos.dev",
            id: "apid",
            version: "2",
            owner: "v1alpha1.ServiceController",
            phase: "running",
            created: moment,
            updated: moment,
            finalizers: ["reader"],
            labels: { zone: "a" },
            annotations: { note: "b" },
          },
          spec: { protoSpec: Uint8Array.of(8, 1), yamlSpec: "running: true\n" },
        },
        bookmark: Uint8Array.of(0, 0, 1),
      },
    ],
  }),
  says("a watch of one resource whose id is empty: present all the same", WatchRequestSchema, {
    namespace: "runtime",
    type: "Services.v1alpha1.talos.dev",
    id: "",
    apiVersion: 1,
  }),
];

describe.each(cases)("%s", (name, schema, message) => {
  const capture = captures.get(name)!;

  test("is a message of the same name", () => expect(schema.typeName).toBe(capture.type));
  test("is written in the same bytes", () =>
    expect(Buffer.from(toBinary(schema, message)).toString("hex")).toBe(capture.bytes.toString("hex")));
  test("is read as what it says", () =>
    expect(equals(schema, fromBinary(schema, capture.bytes), message)).toBe(true));
});

test("every capture is looked at", () => {
  expect(cases.map(([name]) => name)).toEqual([...captures.keys()]);
});

describe("concatenating answers merges them", () => {
  const answer = (name: string) => captures.get(name)!.bytes;

  test("lists of several nodes become one list", () => {
    const both = Buffer.concat([
      answer("an answer of one node, as the proxy completes it"),
      answer("a node that failed"),
    ]);
    const { messages } = fromBinary(HostnameResponseSchema, both);
    expect(messages.map(({ metadata, hostname }) => [metadata!.hostname, hostname])).toEqual([
      ["10.0.0.1", "one"],
      ["10.0.0.2", ""],
    ]);
  });

  test("metadata appended to a message of a stream completes it", () => {
    const chunk = toBinary(DataSchema, create(DataSchema, { bytes: Uint8Array.of(1, 2) }));
    const metadata = toBinary(DataSchema, create(DataSchema, { metadata: { hostname: "10.0.0.9" } }));
    const merged = fromBinary(DataSchema, Buffer.concat([chunk, metadata]));
    const whole = create(DataSchema, { metadata: { hostname: "10.0.0.9" }, bytes: Uint8Array.of(1, 2) });
    expect(equals(DataSchema, merged, whole)).toBe(true);
  });
});
