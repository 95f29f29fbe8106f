// The provisioner's services over real TLS, as pxe-servers and agents call them.

import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { AgentService, type AttachRequestSchema } from "../api/gen/ingot/agent/v1/agent_pb.js";
import { BootService, Stage } from "../api/gen/ingot/boot/v1/boot_pb.js";
import { openChannel } from "../api/grpc/channel.ts";
import { client } from "../api/grpc/client.ts";
import { ClientTlsCredentials } from "../api/grpc/client-tls.ts";
import { MemoryStore } from "../cosi/stores/memory.ts";
import { systemClock } from "../cosi/system-clock.ts";
import { createAuthority, type Identity } from "../pki/authority.ts";
import { createRequest } from "../pki/certificate-request.ts";
import { createKeyPair } from "../pki/key-pair.ts";
import { firstToken } from "./api/tokens.ts";
import { AgentOrder } from "./resources/agent-order.ts";
import { AgentReport } from "./resources/agent-report.ts";
import { BootStatus } from "./resources/boot-status.ts";
import { Inventory } from "./resources/inventory.ts";
import { Machine } from "./resources/machine.ts";
import { Segment } from "./resources/segment.ts";
import { SpentBootToken } from "./resources/spent-boot-token.ts";
import { openProvisioner, type Provisioner } from "./serve.ts";
import { AssetShelf } from "./services/asset-shelf.ts";
import { signBootToken } from "./trust/boot-token.ts";

const uuid = "4c4c4544-0044-4310-8052-b4c04f564231";
const mac = "52:54:00:12:34:56";
const here = "127.0.0.1";
const loopback = { places: [{ host: here, port: 0 }], names: [here], hostFor: () => here };
const hardware = { uuid, serial: "CN7016", macs: [mac], boardSerial: "" };

let opened: AsyncDisposableStack;
let provisioner: Provisioner;
let folder: string;
let said: string[];

beforeEach(async () => {
  opened = new AsyncDisposableStack();
  folder = await mkdtemp(join(tmpdir(), "provisioner-"));
  opened.defer(() => rm(folder, { recursive: true }));
  said = [];
  await writeImage(folder);
  provisioner = opened.use(
    await openProvisioner({
      store: new MemoryStore(),
      clock: systemClock,
      random: () => 1,
      shelf: await AssetShelf.open(folder, [{ name: "console", value: "ttyS0" }]),
      listening: loopback,
      logFolder: join(folder, "logs"),
      log: (text) => said.push(text),
    }),
  );
});
afterEach(() => opened.disposeAsync());

async function writeImage(folder: string): Promise<void> {
  const facts = async (file: string, text: string) => {
    await writeFile(join(folder, file), text);
    return { sizeBytes: text.length, sha256: createHash("sha256").update(text).digest("hex") };
  };
  const kernel = { release: "6.12", ...(await facts("vmlinuz", "a kernel")) };
  const initramfs = await facts("initramfs", "an initramfs");
  await writeFile(join(folder, "manifest.json"), JSON.stringify({ kernel, initramfs }));
}

const tls = (identity?: Identity) => ({
  authorities: provisioner.authority.certificate.pem,
  ...(identity && {
    identity: { certificate: identity.certificate.pem, key: identity.key.pkcs8Pem },
  }),
});

function dial(identity?: Identity) {
  const address = `127.0.0.1:${provisioner.port}`;
  const channel = opened.use(openChannel({ address, credentials: new ClientTlsCredentials(tls(identity)) }));
  return { agent: client(AgentService, channel), boot: client(BootService, channel) };
}

const segment = async () => dial(await provisioner.segmentIdentity("rack-1")).boot;
/** A stream that ends by itself. */
const open = { signal: new AbortController().signal };
const ask = { client: { mac, uuid, serial: "CN7016" }, stage: Stage.SCRIPT, bootId: "b1" };

/** What a machine finds in its kernel arguments. */
async function bootedArguments(): Promise<ReadonlyMap<string, string | undefined>> {
  const { plan } = await (await segment()).plan(ask);
  if (plan?.do.case !== "kernel") throw new Error(`told to ${plan?.do.case}: ${plan?.why}`);
  return new Map(plan.do.value.arguments.map(({ name, value }) => [name, value]));
}

async function enrol(token: string, identity = hardware): Promise<Identity> {
  const key = await createKeyPair("ecdsa-p256");
  const csr = createRequest(key, { commonName: "anything" }).der;
  const { certificateChain } = await dial().agent.enroll({ bootToken: token, csr, identity });
  const { parseCertificate } = await import("../pki/certificate.ts");
  return { certificate: parseCertificate(certificateChain[0]!), key };
}

const enrolled = async () => enrol((await bootedArguments()).get("ingot.token")!);

type Message = NonNullable<MessageInitShape<typeof AttachRequestSchema>["message"]>;

/** A session that a test leads by hand. */
function attach(identity: Identity, kernelBootId = "k1", orders: readonly { id: string }[] = []) {
  const outbox: Message[] = [
    {
      case: "hello",
      value: { identity: hardware, kernelBootId, bootId: "b1", version: "0.1.0", orders: [...orders] },
    },
  ];
  let wake = () => {};
  const stop = new AbortController();
  async function* requests() {
    while (!stop.signal.aborted) {
      const message = outbox.shift();
      if (message) yield { message };
      else await new Promise<void>((resolve) => (wake = resolve));
    }
  }
  const answers = dial(identity).agent.attach(requests(), { signal: stop.signal })[Symbol.asyncIterator]();
  const hangUp = () => {
    stop.abort();
    wake();
  };
  opened.defer(hangUp);
  return {
    say: (message: Message) => {
      outbox.push(message);
      wake();
    },
    hear: async (kind: string) => {
      for (;;) {
        const next = await answers.next();
        if (next.done) throw new Error(`the session ended before a ${kind}`);
        if (next.value.message.case === kind) return next.value.message;
      }
    },
    hangUp,
  };
}

/** The first state of a resource that fits, now or later. */
async function until<Spec>(
  read: () => Promise<{ spec: Spec } | undefined>,
  fits: (spec: Spec) => boolean,
): Promise<Spec> {
  for (;;) {
    const found = await read();
    if (found && fits(found.spec)) return found.spec;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("the API answers under the authority that machines trust, and says who may", async () => {
  const store = new MemoryStore();
  await using second = await openProvisioner({
    store,
    clock: systemClock,
    random: () => 1,
    shelf: AssetShelf.empty(),
    listening: loopback,
    logFolder: join(folder, "other-logs"),
    api: { listen: { host: "127.0.0.1", port: 0 }, names: [], version: "0.0.0" },
    log: (text) => said.push(text),
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
    const { plan } = await (await segment()).plan(ask);
    expect(plan?.why).toBe("waiting to be accepted");
    expect(plan?.do.case).toBe("kernel");
    expect((await provisioner.state.get(Machine, uuid)).spec.identity).toMatchObject({ uuid, macs: [mac] });
  });

  test("hands out a token that is marked as a secret, and the way to us", async () => {
    const { plan } = await (await segment()).plan(ask);
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
    const boot = await segment();
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
    const boot = await segment();
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
    const boot = await segment();
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

  test.each([
    ["no certificate", async () => undefined, "unauthenticated"],
    ["a machine's certificate", enrolled, "permissionDenied"],
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
    await expect(dial(await identity()).boot.plan(ask)).rejects.toMatchObject({ code });
  });
});

describe("an agent", () => {
  test("gets its certificate for its boot token, once", async () => {
    const token = (await bootedArguments()).get("ingot.token")!;
    expect((await enrol(token)).certificate.subject.commonName).toBe(uuid);
    await expect(enrol(token)).rejects.toMatchObject({ code: "unauthenticated" });
    expect((await provisioner.state.list(SpentBootToken)).resources).toHaveLength(1);
  });

  test.each([
    [
      "made elsewhere",
      () => signBootToken({ id: "x", machine: uuid, expiresAt: new Date(9e12) }, Buffer.alloc(32)),
    ],
    ["of nonsense", () => "nonsense"],
    ["of control characters", () => "\u0000.\u001b[31m"],
  ])("with a token %s is refused", async (_, token) => {
    await expect(enrol(token())).rejects.toMatchObject({ code: "unauthenticated" });
  });

  test("with the token of another machine is refused", async () => {
    const token = (await bootedArguments()).get("ingot.token")!;
    const stranger = {
      ...hardware,
      uuid: "11111111-2222-4333-8444-555555555555",
      serial: "Z9",
      macs: ["52:54:00:00:00:99"],
    };
    await expect(enrol(token, stranger)).rejects.toMatchObject({ code: "permissionDenied" });
  });

  test("without a certificate cannot attach, nor with a pxe-server's", async () => {
    for (const [identity, code] of [
      [undefined, "unauthenticated"],
      [await provisioner.segmentIdentity("rack-1"), "permissionDenied"],
    ] as const) {
      const answers = dial(identity).agent.attach((async function* () {})(), open);
      await expect(answers[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code });
    }
  });

  test("is welcomed, and what it tells is kept", async () => {
    const session = attach(await enrolled());
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
    const identity = await enrolled();
    const session = attach(identity);
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
    const identity = await enrolled();
    const first = attach(identity);
    await first.hear("welcome");
    await order();
    await first.hear("order");
    first.hangUp();
    const second = attach(identity, "k1", [{ id: "o1" }]);
    await second.hear("welcome");
    await provisioner.state.update(AgentOrder, "o1", ({ spec }) => ({ spec: { ...spec, cancelled: true } }));
    // The first thing it hears of it is that it is cancelled.
    expect(await second.hear("cancel")).toMatchObject({ value: { id: "o1" } });
  });

  test("of a later boot makes known that an order ended with the boot before", async () => {
    const identity = await enrolled();
    await order("k0");
    const session = attach(identity, "k1");
    await session.hear("welcome");
    const report = await until(
      () => provisioner.state.find(AgentReport, "o1"),
      () => true,
    );
    expect(report.outcome).toMatchObject({ state: "lost" });
  });

  test("is superseded by its newer session", async () => {
    const identity = await enrolled();
    const first = attach(identity);
    await first.hear("welcome");
    const second = attach(identity);
    await second.hear("welcome");
    await first.hear("superseded");
    expect((await provisioner.state.get(BootStatus, uuid)).spec.state).toBe("agent");
  });

  test("has its logs kept, without what would move a reader's cursor", async () => {
    const identity = await enrolled();
    await dial(identity).agent.sendLogs(
      (async function* () {
        yield { lines: [{ source: "kernel", severity: 4, text: Buffer.from("a\u001b[2Jb") }], dropped: 0n };
      })(),
      open,
    );
    expect(await readFile(join(folder, "logs", `${uuid}.log`), "utf8")).toContain("kernel.4 a [2Jb");
  });
});
