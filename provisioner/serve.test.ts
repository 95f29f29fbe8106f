// The provisioner's services over real TLS, as pxe-servers and agents call them.

import { once } from "node:events";
import { readFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { join } from "node:path";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { MemoryStore } from "../cosi/stores/memory.ts";
import { systemClock } from "../cosi/system-clock.ts";
import { createAuthority } from "../pki/authority.ts";
import { createKeyPair } from "../pki/key-pair.ts";
import { firstToken } from "./api/tokens.ts";
import { ask, hardware, loopback, mac, PracticeSite, until, uuid } from "./practice-site.conformance.ts";
import { Admission } from "./resources/admission.ts";
import { AgentOrder } from "./resources/agent-order.ts";
import { AgentReport } from "./resources/agent-report.ts";
import { BootStatus } from "./resources/boot-status.ts";
import { Inventory } from "./resources/inventory.ts";
import { Machine } from "./resources/machine.ts";
import { PowerStatus } from "./resources/power-status.ts";
import { Segment } from "./resources/segment.ts";
import { SpentBootToken } from "./resources/spent-boot-token.ts";
import { openProvisioner, type Provisioner } from "./serve.ts";
import { AssetShelf } from "./services/asset-shelf.ts";
import { signBootToken } from "./trust/boot-token.ts";

let site: PracticeSite;
let provisioner: Provisioner;
beforeEach(async () => {
  site = await PracticeSite.open();
  ({ provisioner } = site);
});
afterEach(() => site[Symbol.asyncDispose]());

const accepted = { is: "accepted", by: "ann" } as const;
/** A stream that ends by itself. */
const open = { signal: new AbortController().signal };

test("the API answers under the authority that machines trust, and says who may", async () => {
  const store = new MemoryStore();
  await using second = await openProvisioner({
    store,
    clock: systemClock,
    random: () => 1,
    shelf: await AssetShelf.open({}),
    listening: loopback,
    logFolder: join(site.folder, "other-logs"),
    api: { listen: { host: "127.0.0.1", port: 0 }, names: [], version: "0.0.0" },
    log: () => undefined,
  });
  const ask = async (headers: Readonly<Record<string, string>> = {}) => {
    const call = get({
      host: "127.0.0.1",
      port: second.apiPort,
      path: "/metrics",
      ca: second.authority.certificate.pem,
      agent: false,
      headers,
    });
    const [response] = (await once(call, "response")) as [IncomingMessage];
    return { status: response.statusCode, text: (await response.toArray()).join("") };
  };
  expect((await ask()).status).toBe(401);
  const token = await firstToken({ state: second.state, clock: systemClock });
  expect(await firstToken({ state: second.state, clock: systemClock })).toBeUndefined();
  const { status, text } = await ask({ authorization: `Bearer ${token}` });
  expect(status).toBe(200);
  expect(text).toContain('ingot_controller_leading{controller="Wipe"}');
});

describe("a pxe-server", () => {
  test("is told what an unknown machine boots, which is known from then on", async () => {
    const { plan } = await (await site.segment()).plan(ask);
    expect(plan?.why).toBe("waiting to be accepted");
    expect(plan?.do.case).toBe("kernel");
    expect((await provisioner.state.get(Machine, uuid)).spec.identity).toMatchObject({ uuid, macs: [mac] });
  });

  test("hands out a token that is marked as a secret, and the way to us", async () => {
    const { plan } = await (await site.segment()).plan(ask);
    const args = plan?.do.case === "kernel" ? plan.do.value.arguments : [];
    expect(args.filter(({ secret }) => secret).map(({ name }) => name)).toEqual(["ingot.token"]);
    expect(args.map(({ name, value, secret }) => (secret ? name : `${name}=${value}`))).toEqual([
      "console=ttyS0",
      `ingot.provisioner=127.0.0.1:${provisioner.port}`,
      `ingot.ca=sha256:${provisioner.authority.certificate.fingerprint}`,
      "ingot.token",
      "ingot.boot=b1",
    ]);
  });

  test("lets what a rejected machine boots alone", async () => {
    const boot = await site.segment();
    await boot.plan(ask);
    await provisioner.state.update(Machine, uuid, ({ spec }) => ({
      spec: { ...spec, admission: { is: "rejected", by: "ann", why: "not ours" } },
    }));
    await until(
      async () => ({ spec: (await boot.plan(ask)).plan?.do.case }),
      (answer) => answer === "ignore",
    );
  });

  test("gets the files of a plan, from where it stopped", async () => {
    const boot = await site.segment();
    const stop = new AbortController();
    for await (const { assets } of boot.watchAssets({}, { signal: stop.signal })) {
      const kernel = assets.find(({ name }) => name.endsWith("vmlinuz"))!;
      const chunks: Uint8Array[] = [];
      for await (const { chunk } of boot.fetchAsset({ sha256: kernel.sha256, offsetBytes: 2n }, open))
        chunks.push(chunk);
      expect(Buffer.concat(chunks).toString()).toBe("kernel");
      break;
    }
    stop.abort();
  });

  test("tells how far a boot got, and what it is", async () => {
    const boot = await site.segment();
    await boot.plan(ask);
    const at = timestampFromDate(new Date());
    const step = { case: "scripted", value: { plan: "kernel", why: "" } } as const;
    await boot.report({ reports: [{ bootId: "b1", mac, at, number: 1n, step }] });
    expect((await provisioner.state.get(BootStatus, uuid)).spec).toMatchObject({
      state: "booting",
      step: "scripted",
      plan: "agent",
      bootId: "b1",
    });
    await boot.announce({ version: "0.1.0", interfaces: [{ name: "eth1", addresses: ["192.0.2.1"] }] });
    expect((await provisioner.state.get(Segment, "rack-1")).spec).toMatchObject({ version: "0.1.0" });
  });

  test("makes no machine known by a report: its question may be about to, and knows more of it", async () => {
    const boot = await site.segment();
    const at = timestampFromDate(new Date());
    const step = { case: "asked", value: { firmware: "UEFI" } } as const;
    await Promise.all([
      boot.report({ reports: [{ bootId: "b1", mac, at, number: 1n, step }] }),
      boot.plan(ask),
    ]);
    expect((await provisioner.state.list(Machine)).resources.map(({ metadata }) => metadata.id)).toEqual([
      uuid,
    ]);
  });

  test("that was away tells of it when it is back, once, and who was to boot meanwhile is looked after", async () => {
    const boot = await site.segment();
    await boot.plan(ask);
    const { state } = provisioner;
    await state.update(Machine, uuid, ({ spec }) => ({ spec: { ...spec, admission: accepted } }));
    await until(
      () => state.find(Admission, uuid),
      ({ state: is }) => is === "accepted",
    );
    const on = { power: "on", since: new Date(), readAt: new Date() } as const;
    await state.set(PowerStatus, uuid, { spec: on });
    const announce = async (startedMs: number) => {
      const started = timestampFromDate(new Date(startedMs));
      await boot.announce({ version: "0.1.0", interfaces: [], started });
      return (await state.find(BootStatus, uuid))?.spec;
    };
    expect(await announce(Date.now() - 60_000)).toBeUndefined();
    expect(await announce(Date.now() - 60_000)).toBeUndefined();
    expect(await announce(Date.now() + 1)).toMatchObject({ step: "unheard", plan: "agent" });
  });

  test("tells of a machine that asked while nobody could say what it shall boot", async () => {
    const boot = await site.segment();
    await boot.plan(ask);
    const at = timestampFromDate(new Date());
    const step = { case: "ignored", value: { why: "the provisioner does not answer" } } as const;
    await boot.report({ reports: [{ bootId: "b2", mac, at, number: 1n, step }] });
    expect((await provisioner.state.get(BootStatus, uuid)).spec).toMatchObject({
      step: "turnedAway",
      plan: "agent",
      why: "the provisioner does not answer",
    });
  });

  test.each([
    ["no certificate", async () => undefined, "unauthenticated"],
    ["a machine's certificate", () => site.enrolled(), "permissionDenied"],
    [
      "a certificate of another authority",
      async () => {
        const other = await createAuthority({ algorithm: "ecdsa-p256", clock: systemClock, commonName: "x" });
        return other.issue({
          commonName: "rack-1",
          organization: ["ingot:pxe-server"],
          purposes: ["clientAuth"],
        });
      },
      "unauthenticated",
    ],
  ])("with %s is refused", async (_, identity, code) => {
    await expect(site.dial(await identity()).boot.plan(ask)).rejects.toMatchObject({ code });
  });
});

describe("an agent", () => {
  test("gets its certificate for its boot token, once", async () => {
    const token = (await site.bootedArguments()).get("ingot.token")!;
    const key = await createKeyPair("ecdsa-p256");
    expect((await site.enrol(token, { key })).certificate.subject.commonName).toBe(uuid);
    // Its answer was lost: the same request has the same answer.
    expect((await site.enrol(token, { key })).certificate.subject.commonName).toBe(uuid);
    await expect(site.enrol(token)).rejects.toMatchObject({ code: "unauthenticated" });
    expect((await provisioner.state.list(SpentBootToken)).resources).toHaveLength(1);
  });

  test.each([
    [
      "made elsewhere",
      () => {
        const expiresAt = new Date(9e12);
        return signBootToken(
          { id: "x", machine: uuid, use: "enrol", wipeId: 0, expiresAt },
          Buffer.alloc(32),
        );
      },
    ],
    ["of nonsense", () => "nonsense"],
    ["of control characters", () => "\u0000.\u001b[31m"],
  ])("with a token %s is refused", async (_, token) => {
    await expect(site.enrol(token())).rejects.toMatchObject({ code: "unauthenticated" });
  });

  test("with the token of another machine is refused", async () => {
    const token = (await site.bootedArguments()).get("ingot.token")!;
    const stranger = {
      ...hardware,
      uuid: "11111111-2222-4333-8444-555555555555",
      serial: "Z9",
      macs: ["52:54:00:00:00:99"],
    };
    await expect(site.enrol(token, { identity: stranger })).rejects.toMatchObject({
      code: "permissionDenied",
    });
  });

  test("without a certificate cannot attach, nor with a pxe-server's", async () => {
    for (const [identity, code] of [
      [undefined, "unauthenticated"],
      [await provisioner.segmentIdentity("rack-1"), "permissionDenied"],
    ] as const) {
      const answers = site.dial(identity).agent.attach((async function* () {})(), open);
      await expect(answers[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code });
    }
  });

  test("is welcomed, and what it tells is kept", async () => {
    const session = site.attach(await site.enrolled());
    expect(await session.hear("welcome")).toMatchObject({
      value: { machine: uuid, why: "waiting to be accepted" },
    });
    expect((await provisioner.state.get(BootStatus, uuid)).spec).toMatchObject({
      state: "agent",
      kernelBootId: "k1",
    });
    session.say({ case: "inventory", value: { system: { manufacturer: "QEMU" }, gaps: ["no SMBIOS"] } });
    const inventory = await until(
      () => provisioner.state.find(Inventory, uuid),
      () => true,
    );
    expect(inventory).toMatchObject({ system: { manufacturer: "QEMU" }, gaps: ["no SMBIOS"] });
    session.hangUp();
    await until(
      () => provisioner.state.find(BootStatus, uuid),
      ({ state }) => state === "agentLost",
    );
  });

  const order = (kernelBootId = "k1") =>
    provisioner.state.create(AgentOrder, "o1", {
      spec: {
        machine: uuid,
        kernelBootId,
        deadline: new Date(Date.now() + 60_000),
        why: "asked for",
        cancelled: false,
        what: { is: "identify", seconds: 5 },
      },
    });

  test("gets its orders once, tells their outcome, and forgets what is settled", async () => {
    const identity = await site.enrolled();
    const session = site.attach(identity);
    await session.hear("welcome");
    await order();
    expect(await session.hear("order")).toMatchObject({ value: { id: "o1", what: { case: "identify" } } });
    const state = { case: "succeeded", value: {} } as const;
    session.say({ case: "order", value: { id: "o1", number: 2n, state } });
    const report = await until(
      () => provisioner.state.find(AgentReport, "o1"),
      () => true,
    );
    expect(report.outcome).toEqual({ state: "succeeded" });
    // While its order is there: one to restart would wait for this.
    expect(await session.hear("settle")).toMatchObject({ value: { id: "o1" } });
    // A report that comes late changes nothing.
    session.say({
      case: "order",
      value: { id: "o1", number: 1n, state: { case: "running", value: { doing: "" } } },
    });
    await provisioner.state.destroy(AgentOrder, "o1");
    expect(await session.hear("settle")).toMatchObject({ value: { id: "o1" } });
    await until(
      async () => ({ spec: await provisioner.state.find(AgentReport, "o1") }),
      (left) => left === undefined,
    );
  });

  test("that knows an order is not sent it again after it attached anew", async () => {
    const identity = await site.enrolled();
    const first = site.attach(identity);
    await first.hear("welcome");
    await order();
    await first.hear("order");
    first.hangUp();
    const second = site.attach(identity, "k1", [{ id: "o1" }]);
    await second.hear("welcome");
    await provisioner.state.update(AgentOrder, "o1", ({ spec }) => ({ spec: { ...spec, cancelled: true } }));
    // The first thing it hears of it is that it is cancelled.
    expect(await second.hear("cancel")).toMatchObject({ value: { id: "o1" } });
  });

  test("that has forgotten what is settled is not sent it again after it attached anew", async () => {
    const identity = await site.enrolled();
    const first = site.attach(identity);
    await first.hear("welcome");
    await order();
    await first.hear("order");
    first.say({ case: "order", value: { id: "o1", number: 2n, state: { case: "succeeded", value: {} } } });
    await first.hear("settle");
    first.hangUp();
    const second = site.attach(identity);
    await second.hear("welcome");
    await provisioner.state.create(AgentOrder, "o2", {
      spec: (await provisioner.state.get(AgentOrder, "o1")).spec,
    });
    expect(await second.hear("order")).toMatchObject({ value: { id: "o2" } });
  });

  test("is not handed what would change a machine that may not be touched, and hears that it is called back", async () => {
    const session = site.attach(await site.enrolled());
    await session.hear("welcome");
    const wipe = { is: "wipe" as const, wipeId: 1, parallel: 0, disks: [] };
    const spec = {
      machine: uuid,
      kernelBootId: "k1",
      deadline: new Date(),
      why: "",
      cancelled: false,
    } as const;
    await provisioner.state.create(AgentOrder, "o2", { spec: { ...spec, what: wipe } });
    await order();
    // The machine is not accepted: only what shines a light goes out.
    expect(await session.hear("order")).toMatchObject({ value: { id: "o1" } });
    await provisioner.state.update(AgentOrder, "o2", ({ spec }) => ({ spec: { ...spec, cancelled: true } }));
    expect(await session.hear("cancel")).toMatchObject({ value: { id: "o2" } });
  });

  test("of a later boot makes known that an order ended with the boot before", async () => {
    const identity = await site.enrolled();
    await order("k0");
    const session = site.attach(identity, "k1");
    await session.hear("welcome");
    const report = await until(
      () => provisioner.state.find(AgentReport, "o1"),
      () => true,
    );
    expect(report.outcome).toMatchObject({ state: "lost" });
  });

  test("is superseded by its newer session", async () => {
    const identity = await site.enrolled();
    const first = site.attach(identity);
    await first.hear("welcome");
    const second = site.attach(identity);
    await second.hear("welcome");
    await first.hear("superseded");
    expect((await provisioner.state.get(BootStatus, uuid)).spec.state).toBe("agent");
  });

  test("has its logs kept, without what would move a reader's cursor", async () => {
    const identity = await site.enrolled();
    await site.dial(identity).agent.sendLogs(
      (async function* () {
        yield { lines: [{ source: "kernel", severity: 4, text: Buffer.from("a\u001b[2Jb") }], dropped: 0n };
      })(),
      open,
    );
    expect(await readFile(join(site.folder, "logs", `${uuid}.log`), "utf8")).toContain("kernel.4 a [2Jb");
  });
});
