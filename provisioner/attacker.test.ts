// What somebody on a boot network would try at the services that machines dial. api/attacker.test.ts is the same of the
// API, and installs.test.ts of configs.
import { connect } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AgentService } from "../api/gen/ingot/agent/v1/agent_pb.js";
import { BootService } from "../api/gen/ingot/boot/v1/boot_pb.js";
import { systemClock } from "../cosi/system-clock.ts";
import type { Identity } from "../pki/authority.ts";
import { ask, call, hardware, PracticeSite, until, uuid } from "./practice-site.conformance.ts";
import { Admission } from "./resources/admission.ts";
import { Assignment } from "./resources/assignment.ts";
import { Inventory } from "./resources/inventory.ts";
import { Machine } from "./resources/machine.ts";
import { Profile } from "./resources/profile.ts";
import { WipeStatus } from "./resources/wipe-status.ts";
import { type BootToken, signBootToken } from "./trust/boot-token.ts";
import { openTrust } from "./trust/open-trust.ts";

let site: PracticeSite;
beforeEach(async () => {
  site = await PracticeSite.open();
});
afterEach(() => site[Symbol.asyncDispose]());

const methods = [
  ...BootService.methods.map((method) => ["boot", method] as const),
  ...AgentService.methods.map((method) => ["agent", method] as const),
];

/** How a call of nothing ends. */
async function codeOf(service: "boot" | "agent", { localName, methodKind }: DescMethod, identity?: Identity) {
  const client = site.dial(identity)[service] as unknown as Readonly<
    Record<string, (request: unknown, options: object) => unknown>
  >;
  const nothing = (async function* () {})();
  const sent = methodKind === "unary" || methodKind === "server_streaming" ? {} : nothing;
  const answer = client[localName]!(sent, { signal: new AbortController().signal });
  try {
    if (methodKind === "unary" || methodKind === "client_streaming") await answer;
    else await (answer as AsyncIterable<unknown>)[Symbol.asyncIterator]().next();
    return "answered";
  } catch (error) {
    return (error as { code: string }).code;
  }
}

describe("of all that is served to machines and pxe-servers", () => {
  test("only a boot token is looked at without a certificate", async () => {
    for (const [service, method] of methods) {
      expect([method.name, await codeOf(service, method)]).toEqual([method.name, "unauthenticated"]);
    }
  });

  test("nothing is for a machine that is for pxe-servers, and nothing the other way around", async () => {
    const bearers = { boot: await site.enrolled(), agent: await site.provisioner.segmentIdentity("rack-1") };
    for (const [service, method] of methods) {
      const code = await codeOf(service, method, bearers[service]);
      expect([method.name, code]).toEqual([method.name, "permissionDenied"]);
    }
  });
});

describe("a boot token", () => {
  const sign = async (token: Partial<BootToken>) => {
    const { bootTokenKey } = await openTrust(site.provisioner.state, systemClock);
    const inAMinute = new Date(Date.now() + 60_000);
    const whole = {
      id: "t1",
      machine: uuid,
      use: "enrol",
      wipeId: 1,
      expiresAt: inAMinute,
      ...token,
    } as const;
    return signBootToken(whole, bootTokenKey);
  };
  const config = async (token: string) =>
    call(`http://127.0.0.1:${site.provisioner.installsPort}/config/${token}`);

  test.each<[string, Partial<BootToken>]>([
    ["that has expired", { expiresAt: new Date(Date.now() - 1) }],
    ["for a config", { use: "config" }],
    ["for a call home", { use: "installed" }],
  ])("%s enrols nobody", async (_, token) => {
    await (await site.segment()).plan(ask);
    await expect(site.enrol(await sign(token))).rejects.toMatchObject({ code: "unauthenticated" });
  });

  test("of a machine that was removed makes it one that nobody has accepted", async () => {
    await site.enrol(await sign({}));
    const { state } = site.provisioner;
    expect((await state.get(Machine, uuid)).spec.admission).toEqual({ is: "byRule" });
    await until(
      () => state.find(Admission, uuid),
      (admission) => admission.state === "waiting",
    );
  });

  test("that was stolen and used first leaves the machine out, and is told of", async () => {
    const token = (await site.bootedArguments()).get("ingot.token")!;
    // The thief says to be that machine, and gets no further than a machine that nobody has accepted.
    const thief = await site.enrol(token);
    await expect(site.enrol(token)).rejects.toMatchObject({ code: "unauthenticated" });
    const session = site.attach(thief);
    await session.hear("welcome");
    await until(
      () => site.provisioner.state.find(Admission, uuid),
      (admission) => admission.state === "waiting",
    );
  });

  test.each<[string, Partial<BootToken>, number]>([
    ["that has expired", { expiresAt: new Date(Date.now() - 1) }, 403],
    ["for enrolling", { use: "enrol" }, 403],
    ["of another machine, which is not assigned", { machine: "another" }, 410],
    ["of a machine that nobody has accepted, whatever is assigned to it", {}, 410],
  ])("%s gets no config", async (_, token, status) => {
    const { state } = site.provisioner;
    await (await site.segment()).plan(ask);
    const boots = { what: "chain", url: "https://factory.example/pxe" } as const;
    const profile = { boots, installDisk: {}, installedBy: { evidence: "phoneHome" } } as const;
    await state.create(Profile, "p", { spec: { ...profile, config: { template: "secret: 1\n" } } });
    await state.create(Assignment, uuid, { spec: { profile: "p", how: "install", wipeId: 1 } });
    await site.wipedUnder(1);
    await until(
      () => state.find(WipeStatus, uuid),
      ({ wipedAt }) => wipedAt === 1,
    );
    const answer = await config(await sign({ use: "config", ...token }));
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain("secret");
  });
});

describe("a machine that says too much", () => {
  test("is cut off, and the others are not", async () => {
    const session = site.attach(await site.enrolled());
    await session.hear("welcome");
    session.say({ case: "inventory", value: { gaps: ["x".repeat(40_000_000)] } });
    await expect(session.hear("order")).rejects.toMatchObject({ code: "resourceExhausted" });
    expect(await site.provisioner.state.find(Inventory, uuid)).toBeUndefined();
    expect((await (await site.segment()).plan(ask)).plan?.do.case).toBe("kernel");
  });

  test("about what it is called makes no record", async () => {
    const boot = await site.segment();
    const { plan } = await boot.plan({
      ...ask,
      client: { ...ask.client, uuid: "", serial: "S".repeat(100_000) },
    });
    expect(plan).toMatchObject({
      do: { case: "hold" },
      why: expect.stringContaining("longer than any serial"),
    });
    const other = { ...hardware, serial: "S".repeat(100_000) };
    const token = (await site.bootedArguments()).get("ingot.token")!;
    await expect(site.enrol(token, { identity: other })).rejects.toThrow();
    expect((await site.provisioner.state.get(Machine, uuid)).spec.identity.serial).toBe("CN7016");
  });
});

test("a peer that speaks no gRPC is not waited for, and costs nobody anything", async () => {
  const { port, authority } = site.provisioner;
  const session = connect(`https://127.0.0.1:${port}`, {
    ca: authority.certificate.pem,
    checkServerIdentity: () => undefined,
  });
  const request = session.request({ ":path": "/../../etc/passwd", ":method": "GET" });
  const [headers] = (await new Promise<unknown[]>((resolve) =>
    request.on("response", (...told) => resolve(told)),
  )) as [Readonly<Record<string, unknown>>];
  expect(headers[":status"]).toBe(415);
  session.destroy();
  expect((await (await site.segment()).plan(ask)).plan?.do.case).toBe("kernel");
});
