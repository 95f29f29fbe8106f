// The API over real TLS: who is let in, what for, and to which node.
import { createServer } from "node:net";
import { Metadata } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ApplyConfigurationRequest_Mode as Mode } from "../../../api/gen/machine/configuration_pb.js";
import { MachineService } from "../../../api/gen/machine/machine_pb.js";
import { type Channel, openChannel } from "../../../api/grpc/channel.ts";
import { client } from "../../../api/grpc/client.ts";
import { ClientTlsCredentials } from "../../../api/grpc/client-tls.ts";
import { UnverifiedTlsCredentials } from "../../../api/grpc/unverified-tls.ts";
import { RemoteState } from "../../../cosi/grpc/remote-state.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import { machineAuthority, type SecretsBundle } from "../../../machine-config/generate/secrets.ts";
import type { MachineConfig } from "../../../machine-config/machine-config.ts";
import { createAuthority, type Grant } from "../../../pki/authority.ts";
import { MachineConfig as MachineConfigResource } from "../../resources/config/machine-config.ts";
import { HostnameStatus, hostnameId } from "../../resources/network/names.ts";
import { OsRootSecret } from "../../resources/secrets.ts";
import { openPracticeNode, type PracticeNode, practiceCluster } from "./practice-node.ts";

let cluster: { secrets: SecretsBundle; controlPlane: MachineConfig };
let node: PracticeNode;
let other: PracticeNode;
beforeAll(async () => {
  cluster = await practiceCluster();
  other = await openPracticeNode({ config: cluster.controlPlane, hostname: "other" });
  const closed = await closedPort();
  node = await openPracticeNode({
    config: cluster.controlPlane,
    hostname: "first",
    addressOf: (name) => (name === "other" ? other.address : `127.0.0.1:${closed}`),
  });
});
afterAll(async () => {
  await node[Symbol.asyncDispose]();
  await other[Symbol.asyncDispose]();
});

/** A port at which nobody listens: it was somebody's a moment ago. */
async function closedPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

async function connect(grant: Partial<Grant> = {}, to: PracticeNode = node): Promise<Channel> {
  const authority = machineAuthority(cluster.secrets, systemClock);
  const identity = await authority.issue({ organization: ["os:admin"], purposes: ["clientAuth"], ...grant });
  return openChannel({
    address: to.address,
    credentials: new ClientTlsCredentials({
      authorities: authority.certificate.pem,
      identity: { certificate: identity.certificate.pem, key: identity.key.pkcs8Pem },
    }),
  });
}

const headers = (map: Readonly<Record<string, readonly string[]>>) => {
  const metadata = new Metadata();
  for (const [key, values] of Object.entries(map)) for (const it of values) metadata.add(key, it);
  return { metadata };
};

describe("roles", () => {
  test("an administrator is answered, a reader is told that it is not authorized", async () => {
    using admin = await connect();
    expect((await client(MachineService, admin).version({})).messages).toHaveLength(1);
    using reader = await connect({ organization: ["os:reader"] });
    const calls = client(MachineService, reader);
    expect((await calls.version({})).messages).toHaveLength(1);
    await expect(calls.reboot({})).rejects.toMatchObject({
      code: "permissionDenied",
      details: "not authorized",
    });
  });

  test("what is not served says so, in a sentence", async () => {
    using admin = await connect();
    await expect(client(MachineService, admin).stats({})).rejects.toMatchObject({
      code: "unimplemented",
      details: "Stats of machine.MachineService is not served here",
    });
  });

  test("the config is for administrators only, other resources for readers", async () => {
    using admin = await connect();
    using reader = await connect({ organization: ["os:reader"] });
    const read = (channel: Channel) => new RemoteState({ channel });
    expect((await read(reader).get(HostnameStatus, hostnameId)).spec.hostname).toBe("first");
    await expect(read(reader).get(HostnameStatus, "none")).rejects.toMatchObject({ code: "notFound" });
    expect((await read(admin).get(OsRootSecret, "os")).spec.token).toMatch(/^\w{6}\.\w{16}$/);
    for (const secret of [MachineConfigResource, OsRootSecret]) {
      await expect(read(reader).list(secret)).rejects.toMatchObject({ code: "permissionDenied" });
    }
    await expect(
      read(admin).create(HostnameStatus, "mine", { spec: { hostname: "x", domainname: "" } }),
    ).rejects.toMatchObject({ code: "permissionDenied" });
  });
});

describe("the handshake refuses", () => {
  const hour = 60 * 60 * 1000;
  test.each<[string, Partial<Grant>]>([
    ["a certificate that has expired", { lifetimeMs: -hour }],
    ["a certificate that is a server's", { purposes: ["serverAuth"] }],
    ["a certificate that is a server's besides", { purposes: ["clientAuth", "serverAuth"] }],
  ])("%s", async (_, grant) => {
    using channel = await connect(grant);
    await expect(client(MachineService, channel).version({})).rejects.toMatchObject({ code: "unavailable" });
  });

  test("a certificate of another authority", async () => {
    const stranger = await createAuthority({ algorithm: "ed25519", clock: systemClock });
    const { certificate, key } = await stranger.issue({
      organization: ["os:admin"],
      purposes: ["clientAuth"],
    });
    using channel = openChannel({
      address: node.address,
      credentials: new ClientTlsCredentials({
        authorities: machineAuthority(cluster.secrets, systemClock).certificate.pem,
        identity: { certificate: certificate.pem, key: key.pkcs8Pem },
      }),
    });
    await expect(client(MachineService, channel).version({})).rejects.toMatchObject({ code: "unavailable" });
  });
});

describe("forwarding", () => {
  test("asks many nodes at once; one that fails is an answer with its error", async () => {
    using channel = await connect();
    const { messages } = await client(MachineService, channel).hostname(
      {},
      headers({ nodes: ["127.0.0.1", "other", "gone"] }),
    );
    expect(messages.map(({ metadata, hostname }) => [metadata?.hostname, hostname])).toEqual([
      ["127.0.0.1", "first"],
      ["other", "other"],
      ["gone", ""],
    ]);
    expect(messages[2]?.metadata?.error).toMatch(/^rpc error: code = Unavailable desc = /);
    expect(messages[2]?.metadata?.status?.code).toBe(14);
  });

  test("merges the streams of many nodes, and names each message's node", async () => {
    node.logs.open("both").write(Buffer.from("from first\n"));
    other.logs.open("both").write(Buffer.from("from other\n"));
    using channel = await connect();
    const stream = client(MachineService, channel).logs(
      { namespace: "system", id: "both", tailLines: -1 },
      { ...headers({ nodes: ["127.0.0.1", "other"] }), deadlineMs: 20_000 },
    );
    const said = await Array.fromAsync(
      stream,
      ({ metadata, bytes }) => `${metadata?.hostname}: ${Buffer.from(bytes).toString()}`,
    );
    expect(said.sort()).toEqual(["127.0.0.1: from first\n", "other: from other\n"]);
  });

  test("asks one node without touching its answer", async () => {
    using channel = await connect();
    const { messages } = await client(MachineService, channel).hostname({}, headers({ node: ["other"] }));
    expect(messages).toMatchObject([{ hostname: "other" }]);
    expect(messages[0]?.metadata).toBeUndefined();
  });

  test("lets nobody do elsewhere what they may not do here", async () => {
    using channel = await connect({ organization: ["os:reader"] });
    const calls = client(MachineService, channel);
    await expect(calls.reboot({}, headers({ node: ["other"] }))).rejects.toMatchObject({
      code: "permissionDenied",
      details: "not authorized",
    });
    const forged = headers({ node: ["other"], "talos-role": ["os:admin"] });
    await expect(calls.reboot({}, forged)).rejects.toMatchObject({ code: "permissionDenied" });
    expect(other.asked).toEqual([]);
  });

  test("does not put together what cannot be put together", async () => {
    using channel = await connect();
    const remote = new RemoteState({ channel, ...headers({ nodes: ["other"] }) });
    await expect(remote.list(HostnameStatus)).rejects.toMatchObject({ code: "invalidArgument" });
    const single = new RemoteState({ channel, ...headers({ node: ["other"] }) });
    expect((await single.get(HostnameStatus, hostnameId)).spec.hostname).toBe("other");
  });
});

describe("a machine without a config", () => {
  test("serves anyone who knows its fingerprint, until it is given a config", async () => {
    await using fresh = await openPracticeNode();
    const [fingerprint] = fresh.said;
    expect(fingerprint).toMatch(/^fingerprint of the maintenance certificate: [\w+/]{43}=$/);
    const { address } = fresh;
    using stranger = openChannel({ address, credentials: new UnverifiedTlsCredentials(["AAAA"]) });
    await expect(client(MachineService, stranger).version({})).rejects.toMatchObject({ code: "unavailable" });
    const credentials = new UnverifiedTlsCredentials([fingerprint!.split(": ")[1]!]);
    using anyone = openChannel({ address, credentials });
    const calls = client(MachineService, anyone);
    expect((await calls.hostname({}, headers({ nodes: ["elsewhere"] }))).messages).toMatchObject([
      { hostname: "practice" },
    ]);
    await expect(calls.reboot({})).rejects.toMatchObject({ details: "not authorized" });

    const data = Buffer.from(cluster.controlPlane.text);
    const { messages } = await calls.applyConfiguration({ data, mode: Mode.AUTO });
    expect(messages).toMatchObject([{ modeDetails: "Applied configuration without a reboot" }]);
    expect(fresh.persisted()?.text).toBe(cluster.controlPlane.text);

    await expect.poll(() => fresh.said.at(-1)).toMatch(/mutual TLS$/);
    expect(fresh.address).toBe(address);
    using admin = await connect({}, fresh);
    expect((await client(MachineService, admin).version({})).messages).toMatchObject([
      { features: { rbac: true } },
    ]);
    await expect(calls.version({})).rejects.toMatchObject({ code: "unavailable" });
  });
});
