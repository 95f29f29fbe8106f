// A provisioner that does what a test tells it: the real protocol, real TLS, a real authority; no decisions.
import type { MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  AgentService,
  type AttachRequest,
  type AttachResponseSchema,
  type EnrollRequest,
  type Hello,
  type LogLine,
} from "../../api/gen/ingot/agent/v1/agent_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import { serve } from "../../api/grpc/serve.ts";
import { type OpenServer, openServer } from "../../api/grpc/server.ts";
import { ServerTlsCredentials } from "../../api/grpc/server-tls.ts";
import { type Authority, createAuthority } from "../../pki/authority.ts";
import { parseRequest } from "../../pki/certificate-request.ts";

type Said = AttachRequest["message"];
type Values = {
  readonly [M in Said as M extends { case: string } ? M["case"] : never]: M extends { case: string }
    ? M["value"]
    : never;
};
type Answer = NonNullable<MessageInitShape<typeof AttachResponseSchema>["message"]>;

export interface PracticeOptions {
  readonly authority: Authority;
  readonly address: string;
  /** What the certificate of this server bears. */
  readonly host: string;
  readonly token: string;
  readonly now: () => Date;
  readonly pingIntervalMs?: number;
}

export const practiceAuthority = (now: () => Date): Promise<Authority> =>
  createAuthority({ algorithm: "ed25519", clock: { now }, commonName: "practice" });

/** One session, as the provisioner's side sees it. */
export class AttachedMachine {
  readonly hello: Hello;
  readonly #heard: Said[] = [];
  readonly #answers: Answer[] = [];
  #wakeReader: () => void = () => {};
  #wakeWriter: () => void = () => {};
  #over = false;

  constructor(hello: Hello) {
    this.hello = hello;
  }

  say(answer: Answer): void {
    this.#answers.push(answer);
    this.#wakeWriter();
  }

  hangUp(): void {
    this.#over = true;
    this.#wakeWriter();
    this.#wakeReader();
  }

  heard(message: Said): void {
    this.#heard.push(message);
    this.#wakeReader();
  }

  /** The next of its kind that fits; what comes before it is passed over. Rejects when the session ends first. */
  async next<Kind extends keyof Values>(
    kind: Kind,
    fits: (value: Values[Kind]) => boolean = () => true,
  ): Promise<Values[Kind]> {
    for (;;) {
      const message = this.#heard.shift();
      if (message?.case === kind) {
        const value = message.value as Values[Kind];
        if (fits(value)) return value;
      } else if (message === undefined) {
        if (this.#over) throw new Error(`The session ended before a ${kind} came`);
        await new Promise<void>((resolve) => {
          this.#wakeReader = resolve;
        });
      }
    }
  }

  async *answers(signal: AbortSignal): AsyncGenerator<{ message: Answer }, void> {
    signal.addEventListener("abort", () => this.hangUp(), { once: true });
    while (!this.#over) {
      const message = this.#answers.shift();
      if (message) yield { message };
      else
        await new Promise<void>((resolve) => {
          this.#wakeWriter = resolve;
        });
    }
  }
}

export class PracticeProvisioner implements AsyncDisposable {
  readonly enrolments: EnrollRequest[] = [];
  readonly logLines: LogLine[] = [];
  readonly unexpected: unknown[] = [];
  readonly #options: PracticeOptions;
  #wake: () => void = () => {};
  #server: OpenServer | undefined;
  #waiting: ((machine: AttachedMachine) => void)[] = [];
  readonly #arrived: AttachedMachine[] = [];

  private constructor(options: PracticeOptions) {
    this.#options = options;
  }

  static async open(options: PracticeOptions): Promise<PracticeProvisioner> {
    const provisioner = new PracticeProvisioner(options);
    await provisioner.#listen();
    return provisioner;
  }

  get port(): number {
    return this.#server!.port;
  }

  /** The next machine that says hello, or the oldest that did and was not asked for. */
  attached(): Promise<AttachedMachine> {
    const first = this.#arrived.shift();
    return first ? Promise.resolve(first) : new Promise((resolve) => this.#waiting.push(resolve));
  }

  async enrolled(times: number): Promise<void> {
    while (this.enrolments.length < times) await this.#something();
  }

  async logged(lines: number): Promise<void> {
    while (this.logLines.length < lines) await this.#something();
  }

  #something(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
  }

  async #listen(): Promise<void> {
    const { authority, address, host } = this.#options;
    const names = /^[\d.]+$/.test(host) ? { ipAddresses: [host] } : { dnsNames: [host] };
    const { certificate, key } = await authority.issue({
      commonName: host,
      ...names,
      purposes: ["serverAuth"],
    });
    this.#server = await openServer({
      address,
      credentials: new ServerTlsCredentials({
        // The authority's own certificate goes along: that is the one which agents know by its fingerprint.
        identity: { certificate: certificate.pem + authority.certificate.pem, key: key.pkcs8Pem },
        clientAuthorities: authority.certificate.pem,
        clients: "optional",
      }),
      services: [this.#service()],
      unexpected: (error) => this.unexpected.push(error),
      graceMs: 100,
    });
  }

  #service() {
    const { authority, token, now, pingIntervalMs = 60_000 } = this.#options;
    return serve(AgentService, {
      enroll: async (request, { peer }) => {
        this.enrolments.push(request);
        this.#wake();
        if (!peer.certificate && request.bootToken !== token)
          throw new GrpcError("unauthenticated", "the boot token has expired");
        const leaf = authority.sign(parseRequest(request.csr), {
          commonName: "machine",
          purposes: ["clientAuth"],
        });
        return {
          certificateChain: [leaf.der],
          authorities: [authority.certificate.der],
          now: timestampFromDate(now()),
        };
      },
      attach: (requests, { peer, signal }) => {
        if (!peer.certificate) throw new GrpcError("unauthenticated", "no client certificate");
        return this.#session(requests, signal, pingIntervalMs);
      },
      sendLogs: async (requests) => {
        for await (const { lines } of requests) {
          this.logLines.push(...lines);
          this.#wake();
        }
        return {};
      },
    });
  }

  async *#session(
    requests: AsyncIterable<AttachRequest>,
    signal: AbortSignal,
    pingIntervalMs: number,
  ): AsyncGenerator<{ message: Answer }, void> {
    const heard = requests[Symbol.asyncIterator]();
    const first = await heard.next();
    if (first.done || first.value.message.case !== "hello")
      throw new GrpcError("invalidArgument", "a session begins with a hello");
    const machine = new AttachedMachine(first.value.message.value);
    const listening = (async () => {
      for (let it = await heard.next(); !it.done; it = await heard.next()) machine.heard(it.value.message);
    })().then(
      () => machine.hangUp(),
      () => machine.hangUp(),
    );
    yield {
      message: {
        case: "welcome",
        value: { machine: "m1", why: "waiting to be accepted", pingInterval: durationFromMs(pingIntervalMs) },
      },
    };
    const waiting = this.#waiting.shift();
    if (waiting) waiting(machine);
    else this.#arrived.push(machine);
    yield* machine.answers(signal);
    void listening;
  }
}
