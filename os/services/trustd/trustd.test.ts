// A control plane and its worker: how the worker gets its certificate, and what it may do with it.
import { Metadata } from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { MachineService } from "../../../api/gen/machine/machine_pb.js";
import { type Channel, openChannel } from "../../../api/grpc/channel.ts";
import { client } from "../../../api/grpc/client.ts";
import { ClientTlsCredentials } from "../../../api/grpc/client-tls.ts";
import { systemClock as clock } from "../../../cosi/system-clock.ts";
import { machineAuthority } from "../../../machine-config/generate/secrets.ts";
import { identitySettings } from "../../../machine-config/settings/identity.ts";
import { openPracticeNode, type PracticeNode, practiceCluster } from "../api/practice-node.ts";
import { openTrustd, type Trustd } from "./open-trustd.ts";
import { requestCertificate } from "./request-certificate.ts";

let cluster: Awaited<ReturnType<typeof practiceCluster>>;
let trustd: Trustd;
let controlPlane: PracticeNode;
let worker: PracticeNode;
const names = { dnsNames: ["cp"], ipAddresses: ["127.0.0.1"] };

beforeAll(async () => {
  cluster = await practiceCluster();
  const settings = identitySettings(cluster.controlPlane)!;
  trustd = await openTrustd({
    ...{ address: "127.0.0.1:0", clock },
    authority: () => machineAuthority(cluster.secrets, clock),
    token: () => settings.token,
    names: () => names,
    failed: (error) => expect.fail(String(error)),
  });
  worker = await openPracticeNode({
    config: cluster.worker,
    hostname: "worker",
    requestCertificate: ({ token, accepted }, names) =>
      requestCertificate({ ...ask(), token, names, authorities: accepted.map(({ pem }) => pem).join("") }),
  });
  controlPlane = await openPracticeNode({
    config: cluster.controlPlane,
    hostname: "cp",
    addressOf: () => worker.address,
  });
});
afterAll(async () => {
  await controlPlane[Symbol.asyncDispose]();
  await worker[Symbol.asyncDispose]();
  await trustd[Symbol.asyncDispose]();
});

const ask = () => ({
  address: `127.0.0.1:${trustd.port}`,
  token: identitySettings(cluster.worker)!.token,
  authorities: machineAuthority(cluster.secrets, clock).certificate.pem,
  names,
});

async function admin(node: PracticeNode): Promise<Channel> {
  const authority = machineAuthority(cluster.secrets, clock);
  const grant = { organization: ["os:admin"], purposes: ["clientAuth"] } as const;
  const { certificate, key } = await authority.issue(grant);
  return openChannel({
    address: node.address,
    credentials: new ClientTlsCredentials({
      authorities: authority.certificate.pem,
      identity: { certificate: certificate.pem, key: key.pkcs8Pem },
    }),
  });
}

const to = (node: string) => {
  const metadata = new Metadata();
  metadata.set("node", node);
  return { metadata };
};

describe("a worker", () => {
  test("is served by a certificate that the control plane issued", async () => {
    using channel = await admin(worker);
    const { messages } = await client(MachineService, channel).hostname({});
    expect(messages).toMatchObject([{ hostname: "worker" }]);
  });

  test("is reached through the control plane", async () => {
    using channel = await admin(controlPlane);
    const { messages } = await client(MachineService, channel).hostname({}, to("worker"));
    expect(messages).toMatchObject([{ hostname: "worker" }]);
  });

  test("forwards nothing, but answers when it is itself meant", async () => {
    using channel = await admin(worker);
    const calls = client(MachineService, channel);
    await expect(calls.hostname({}, to("cp"))).rejects.toMatchObject({
      code: "permissionDenied",
      details: "no request forwarding",
    });
    expect((await calls.hostname({}, to("127.0.0.1"))).messages).toMatchObject([{ hostname: "worker" }]);
  });

  test("gives away no client certificates", async () => {
    using channel = await admin(worker);
    const request = { roles: ["os:reader"], crtTtl: { seconds: 60n } };
    await expect(client(MachineService, channel).generateClientConfiguration(request)).rejects.toMatchObject({
      code: "unimplemented",
    });
  });
});

describe("trustd", () => {
  test.each(["", "wrong.token"])("refuses the token %j", async (token) => {
    await expect(requestCertificate({ ...ask(), token })).rejects.toMatchObject({
      code: "unauthenticated",
      details: "invalid token",
    });
  });

  test("issues what serves, and nothing else, with the names that were asked for", async () => {
    const { certificate } = await requestCertificate(ask());
    expect(certificate).toMatchObject({ ...names, purposes: ["serverAuth"], isAuthority: false });
    expect(certificate.subject.organization ?? []).toEqual([]);
  });

  test("is not believed when another authority signed it", async () => {
    const stranger = await practiceCluster();
    const authorities = machineAuthority(stranger.secrets, clock).certificate.pem;
    await expect(requestCertificate({ ...ask(), authorities })).rejects.toMatchObject({
      code: "unavailable",
    });
  });
});
