// A provisioner on loopback as tests use it, and the two that call it: a pxe-server and a machine.
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { AgentService, type AttachRequestSchema } from "../api/gen/ingot/agent/v1/agent_pb.js";
import type { Order } from "../api/gen/ingot/agent/v1/orders_pb.js";
import { WipeMethod } from "../api/gen/ingot/agent/v1/wipe_pb.js";
import { BootService, Stage } from "../api/gen/ingot/boot/v1/boot_pb.js";
import { openChannel } from "../api/grpc/channel.ts";
import { client } from "../api/grpc/client.ts";
import { ClientTlsCredentials } from "../api/grpc/client-tls.ts";
import type { SpecOf } from "../cosi/resource.ts";
import { MemoryStore } from "../cosi/stores/memory.ts";
import { systemClock } from "../cosi/system-clock.ts";
import type { Identity } from "../pki/authority.ts";
import { parseCertificate } from "../pki/certificate.ts";
import { createRequest } from "../pki/certificate-request.ts";
import { createKeyPair, type KeyPair } from "../pki/key-pair.ts";
import { Assignment } from "./resources/assignment.ts";
import { Machine } from "./resources/machine.ts";
import { Profile } from "./resources/profile.ts";
import { WipeStatus } from "./resources/wipe-status.ts";
import { openProvisioner, type Provisioner, type ProvisionerOptions } from "./serve.ts";
import { AssetShelf } from "./services/asset-shelf.ts";

export const uuid = "4c4c4544-0044-4310-8052-b4c04f564231";
export const mac = "52:54:00:12:34:56";
export const hardware = { uuid, serial: "CN7016", macs: [mac], boardSerial: "" };
export const ask = { client: { mac, uuid, serial: "CN7016" }, stage: Stage.SCRIPT, bootId: "b1" };
const here = "127.0.0.1";
export const loopback = { places: [{ host: here, port: 0 }], names: [here], hostFor: () => here };

type InventoryTold = Extract<Message, { case: "inventory" }>["value"];
type Message = NonNullable<MessageInitShape<typeof AttachRequestSchema>["message"]>;

interface Applicant {
  readonly identity?: typeof hardware;
  readonly key?: KeyPair;
}

export class PracticeSite implements AsyncDisposable {
  readonly provisioner: Provisioner;
  readonly folder: string;
  readonly said: readonly string[];
  readonly #opened: AsyncDisposableStack;
  readonly #requests = new Map<KeyPair, Uint8Array>();

  private constructor(
    provisioner: Provisioner,
    folder: string,
    said: readonly string[],
    opened: AsyncDisposableStack,
  ) {
    this.provisioner = provisioner;
    this.folder = folder;
    this.said = said;
    this.#opened = opened;
  }

  /** `files`: of other systems, as profiles name them. */
  static async open(
    options: Partial<ProvisionerOptions> = {},
    files: readonly string[] = [],
  ): Promise<PracticeSite> {
    await using opened = new AsyncDisposableStack();
    const folder = await mkdtemp(join(tmpdir(), "provisioner-"));
    opened.defer(() => rm(folder, { recursive: true }));
    const said: string[] = [];
    await writeImage(folder);
    for (const file of files) await writeFile(join(folder, file), file);
    const provisioner = opened.use(
      await openProvisioner({
        store: new MemoryStore(),
        clock: systemClock,
        random: () => 1,
        shelf: await AssetShelf.open({
          images: [{ name: "default", folder }],
          arguments: [{ name: "console", value: "ttyS0" }],
          files: folder,
        }),
        listening: loopback,
        installs: { port: 0 },
        logFolder: join(folder, "logs"),
        log: (text) => said.push(text),
        ...options,
      }),
    );
    return new PracticeSite(provisioner, folder, said, opened.move());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#opened.disposeAsync();
  }

  dial(identity?: Identity) {
    const { port, authority } = this.provisioner;
    const credentials = new ClientTlsCredentials({
      authorities: authority.certificate.pem,
      ...(identity && {
        identity: { certificate: identity.certificate.pem, key: identity.key.pkcs8Pem },
      }),
    });
    const channel = this.#opened.use(openChannel({ address: `127.0.0.1:${port}`, credentials }));
    return { agent: client(AgentService, channel), boot: client(BootService, channel) };
  }

  async segment() {
    return this.dial(await this.provisioner.segmentIdentity("rack-1")).boot;
  }

  /** What a machine finds in its kernel arguments. */
  async bootedArguments(asking = ask): Promise<ReadonlyMap<string, string | undefined>> {
    const { plan } = await (await this.segment()).plan(asking);
    if (plan?.do.case !== "kernel") throw new Error(`told to ${plan?.do.case}: ${plan?.why}`);
    return new Map(plan.do.value.arguments.map(({ name, value }) => [name, value]));
  }

  async enrol(token: string, { identity = hardware, ...given }: Applicant = {}): Promise<Identity> {
    const key = given.key ?? (await createKeyPair("ecdsa-p256"));
    // Signatures with this key differ each time; an agent keeps its request.
    const csr = this.#requests.get(key) ?? createRequest(key, { commonName: "anything" }).der;
    this.#requests.set(key, csr);
    const { certificateChain } = await this.dial().agent.enroll({ bootToken: token, csr, identity });
    return { certificate: parseCertificate(certificateChain[0]!), key };
  }

  async enrolled(): Promise<Identity> {
    return this.enrol((await this.bootedArguments()).get("ingot.token")!);
  }

  /** A machine that was wiped, told what is in it and is assigned: what it boots next is its installation. */
  async assign(
    spec: SpecOf<typeof Profile>,
    inventory: InventoryTold = { gaps: ["all of it"] },
  ): Promise<void> {
    const { state } = this.provisioner;
    await state.create(Profile, "p", { spec });
    await state.create(Machine, uuid, {
      spec: {
        name: "node-1",
        identity: { uuid, macs: [] },
        admission: { is: "accepted", by: "ann" },
        wipeId: 1,
        retryId: 0,
        power: "automatic",
        boot: {},
      },
    });
    const session = this.attach(await this.enrolled());
    await session.hear("welcome");
    session.say({ case: "inventory", value: inventory });
    // Of one without disks there is nothing to wipe, and nobody is told to.
    if (inventory.disks) {
      const { value: order } = await session.hear("order");
      const { id, what } = order as Order;
      const asked = what.case === "wipe" ? what.value.disks : [];
      const disks = asked.map(({ disk }) => ({ disk, method: WipeMethod.FAST }));
      const succeeded = { result: { case: "wipe" as const, value: { disks } } };
      session.say({
        case: "order",
        value: { id, number: 2n, state: { case: "succeeded", value: succeeded } },
      });
    }
    await until(
      () => state.find(WipeStatus, uuid),
      ({ wipedAt }) => wipedAt === 1,
    );
    session.hangUp();
    await state.create(Assignment, uuid, { spec: { profile: "p", how: "install", wipeId: 1 } });
  }

  async wipedUnder(wipeId: number): Promise<void> {
    const at = new Date();
    const run = {
      state: "done" as const,
      wipeId,
      attempt: 1,
      orderId: "o",
      startedAt: at,
      endedAt: at,
      disks: [],
    } satisfies SpecOf<typeof WipeStatus>["run"];
    await this.provisioner.state.as("Wipe").set(WipeStatus, uuid, {
      spec: { wipedAt: wipeId, run },
      labels: { "ingot.dev/wipe": "done" },
    });
  }

  /** A session that a test leads by hand. */
  attach(
    identity: Identity,
    kernelBootId = "k1",
    orders: readonly { id: string }[] = [],
    told: typeof hardware = hardware,
  ) {
    const version = "0.1.0";
    const outbox: Message[] = [
      {
        case: "hello",
        value: { identity: told, kernelBootId, bootId: "b1", version, orders: [...orders] },
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
    const { agent } = this.dial(identity);
    const answers = agent.attach(requests(), { signal: stop.signal })[Symbol.asyncIterator]();
    const hangUp = () => {
      stop.abort();
      wake();
    };
    this.#opened.defer(hangUp);
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
}

async function writeImage(folder: string): Promise<void> {
  const facts = async (file: string, text: string) => {
    await writeFile(join(folder, file), text);
    return { sizeBytes: text.length, sha256: createHash("sha256").update(text).digest("hex") };
  };
  const kernel = { release: "6.12", ...(await facts("vmlinuz", "a kernel")) };
  const initramfs = await facts("initramfs", "an initramfs");
  await writeFile(join(folder, "manifest.json"), JSON.stringify({ kernel, initramfs }));
}

export interface HttpAnswer {
  readonly status: number | undefined;
  readonly text: string;
}

/** Not fetch: it would repair the paths that an attacker sends. */
export async function call(url: string, method = "GET", body = ""): Promise<HttpAnswer> {
  const { hostname, port, protocol } = new URL(url);
  const path = url.slice(url.indexOf("/", 8));
  const to = { host: hostname, port, path, method, agent: false } as const;
  // Who answers is another test's business.
  const sent = protocol === "https:" ? httpsRequest({ ...to, rejectUnauthorized: false }) : httpRequest(to);
  sent.end(body);
  const [response] = (await once(sent, "response")) as [IncomingMessage];
  return { status: response.statusCode, text: (await response.toArray()).join("") };
}

/** The first state of a resource that fits, now or later. */
export async function until<Spec>(
  read: () => Promise<{ spec: Spec } | undefined>,
  fits: (spec: Spec) => boolean = () => true,
): Promise<Spec> {
  for (;;) {
    const found = await read();
    if (found && fits(found.spec)) return found.spec;
    await new Promise((resolve) => setImmediate(resolve));
  }
}
