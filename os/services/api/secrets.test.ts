// Nothing secret is to be had below an administrator: of no resource, in no way of asking, and from no other call.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  EventType,
  GetRequestSchema,
  ListRequestSchema,
  WatchRequestSchema,
  WatchResponseSchema,
} from "../../../api/gen/cosi/state_pb.js";
import { MachineService } from "../../../api/gen/machine/machine_pb.js";
import { type Channel, openChannel } from "../../../api/grpc/channel.ts";
import { callInBytes } from "../../../api/grpc/client.ts";
import { ClientTlsCredentials } from "../../../api/grpc/client-tls.ts";
import { GrpcError } from "../../../api/grpc/error.ts";
import type { ServedType } from "../../../cosi/grpc/served-type.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import { machineAuthority } from "../../../machine-config/generate/secrets.ts";
import { role } from "../../../pki/roles.ts";
import { mayCall } from "./access.ts";
import { openPracticeNode, type PracticeNode, practiceCluster } from "./practice-node.ts";
import { practiceResources } from "./practice-resources.ts";
import { resourceTypes } from "./resource-types.ts";

/** Calls that are not made here. */
const endsTheBoot = new Set(["Reboot", "Shutdown"]);

const lesser = Object.values(role).filter((it) => it !== role.admin);

let node: PracticeNode;
let channels: ReadonlyMap<string, Channel>;
/** Every text of the cluster's secrets, as it stands in the config and as it reads when it is decoded. */
let secretTexts: readonly string[];
beforeAll(async () => {
  const { secrets, controlPlane: config } = await practiceCluster();
  node = await openPracticeNode({ config });
  for (const { type, id, spec } of practiceResources) {
    // What the node says of itself stays: its secrets are the real ones.
    if (!(await node.state.find(type, id))) await node.state.set(type, id, { spec });
  }
  secretTexts = textsOf(secrets).flatMap((text) => [text, ...decoded(text)]);
  const authority = machineAuthority(secrets, systemClock);
  const open = async (organization: string) => {
    const { certificate, key } = await authority.issue({
      organization: [organization],
      purposes: ["clientAuth"],
    });
    const identity = { certificate: certificate.pem, key: key.pkcs8Pem };
    const credentials = new ClientTlsCredentials({ authorities: authority.certificate.pem, identity });
    return [organization, openChannel({ address: node.address, credentials })] as const;
  };
  channels = new Map(await Promise.all([role.admin, ...lesser].map(open)));
});
afterAll(async () => {
  for (const channel of channels.values()) channel[Symbol.dispose]();
  await node[Symbol.asyncDispose]();
});

/** Certificates are for everybody; what else is long enough to be told from other words is secret. */
function textsOf(value: unknown): string[] {
  if (typeof value === "string") return value.length >= 12 ? [value] : [];
  if (typeof value !== "object" || value === null) return [];
  return Object.entries(value).flatMap(([name, it]) => (["crt", "id"].includes(name) ? [] : textsOf(it)));
}

/** A key in PEM by one line of its middle, however it is wrapped. */
function decoded(base64: string): string[] {
  const line = Buffer.from(base64, "base64").toString("latin1").split("\n")[1] ?? "";
  return line.length >= 16 ? [line] : [];
}

const secretIn = (bytes: Uint8Array) => {
  const text = Buffer.from(bytes).toString("latin1");
  return secretTexts.filter((secret) => text.includes(secret));
};

/** Watches have no end: this is where what is there has been told. */
const isBootstrapped = (bytes: Uint8Array) =>
  fromBinary(WatchResponseSchema, bytes).event.some(({ eventType }) => eventType === EventType.BOOTSTRAPPED);

/** What a call answers, up to and with its last message of interest; or the code of what it was refused with. */
async function answer(
  channel: Channel,
  path: string,
  request: Uint8Array,
  isLast: (message: Uint8Array) => boolean = () => false,
): Promise<Uint8Array | string> {
  const enough = new AbortController();
  const chunks: Uint8Array[] = [];
  async function* once() {
    yield request;
  }
  try {
    for await (const bytes of callInBytes(channel, path)(once(), { signal: enough.signal })) {
      chunks.push(bytes);
      if (isLast(bytes)) break;
    }
    return Buffer.concat(chunks);
  } catch (error) {
    if (error instanceof GrpcError) return error.code;
    throw error;
  } finally {
    enough.abort();
  }
}

const ask = (way: "Get" | "List" | "Watch", { type }: ServedType, id: string): [string, Uint8Array] => {
  const kind = { namespace: type.namespace, type: type.type };
  const request = {
    Get: () => toBinary(GetRequestSchema, create(GetRequestSchema, { ...kind, id })),
    List: () => toBinary(ListRequestSchema, create(ListRequestSchema, kind)),
    Watch: () => {
      const options = { bootstrapContents: true };
      return toBinary(WatchRequestSchema, create(WatchRequestSchema, { ...kind, options, apiVersion: 1 }));
    },
  }[way]();
  return [`/cosi.resource.State/${way}`, request];
};

const ways = ["Get", "List", "Watch"] as const;
const idsOf = ({ type }: ServedType) => [
  ...practiceResources.filter((it) => it.type.type === type.type).map(({ id }) => id),
  ...(type.type.startsWith("MachineConfigs.") ? ["v1alpha1", "persistent"] : []),
];

test("an administrator has what is secret: this test would see it", async () => {
  const admin = channels.get(role.admin)!;
  const secret = resourceTypes.filter(({ type }) => type.sensitive);
  for (const served of secret) {
    const bytes = await answer(admin, ...ask("List", served, ""));
    expect(typeof bytes, served.type.type).not.toBe("string");
    if (served.type.type.endsWith(".talos.dev")) expect(secretIn(bytes as Uint8Array)).not.toEqual([]);
  }
  expect(secretTexts.length).toBeGreaterThan(10);
});

describe.each(lesser)("%s", (name) => {
  test.each(resourceTypes.map((served) => [served.type.type, served] as const))(
    "reads no secret of %s",
    async (_, served) => {
      const channel = channels.get(name)!;
      for (const way of ways) {
        for (const id of way === "Get" ? idsOf(served) : [""]) {
          const found = await answer(
            channel,
            ...ask(way, served, id),
            way === "Watch" ? isBootstrapped : undefined,
          );
          if (served.type.sensitive || ![role.reader, role.operator].includes(name as "os:reader"))
            expect(found, way).toBe("permissionDenied");
          else if (typeof found === "string") expect(found, `${way} ${id}`).toBe("notFound");
          else expect(secretIn(found)).toEqual([]);
        }
      }
    },
  );

  test("is answered nothing secret by any other call", async () => {
    for (const { name: method } of MachineService.methods) {
      const path = `/machine.MachineService/${method}`;
      if (!mayCall({ roles: new Set([name]) }, path, { isConfigured: true }) || endsTheBoot.has(method))
        continue;
      const found = await answer(channels.get(name)!, path, new Uint8Array(), () => true);
      if (typeof found !== "string") expect(secretIn(found), method).toEqual([]);
    }
  });
});
