// The provisioner's end of every agent: it lets machines in, keeps their sessions, carries orders to them and keeps what
// they tell. It decides nothing: orders come from controllers, by way of the store.
import { durationFromMs, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  AgentService as AgentProto,
  type EnrollRequest,
  type Identity,
  type SendLogsRequest,
} from "../../api/gen/ingot/agent/v1/agent_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import type { Call } from "../../api/grpc/handlers.ts";
import { type ServedService, serve } from "../../api/grpc/serve.ts";
import type { Clock } from "../../cosi/clock.ts";
import type { ResourceOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { NotFound } from "../../cosi/state-errors.ts";
import type { Authority } from "../../pki/authority.ts";
import { parseRequest } from "../../pki/certificate-request.ts";
import { AgentOrder } from "../resources/agent-order.ts";
import { AgentReport } from "../resources/agent-report.ts";
import type { MachineIdentity } from "../resources/machine-identity.ts";
import { readBootToken } from "../trust/boot-token.ts";
import { AgentSession } from "./agent-session.ts";
import type { MachineRegistry } from "./machine-registry.ts";
import { machineCertificate, machineOf } from "./peers.ts";
import { spend } from "./spend-boot-token.ts";

export interface AgentServiceOptions {
  readonly state: State;
  readonly clock: Clock;
  readonly registry: MachineRegistry;
  readonly authority: Authority;
  readonly bootTokenKey: Uint8Array;
  readonly keepLogs: (machine: string, lines: SendLogsRequest) => Promise<void>;
  readonly log: (text: string) => void;
}

const pingIntervalMs = 10_000;

export interface AgentService extends ServedService {
  /** Carries orders to the machines that are attached here, until the signal aborts. */
  run(signal: AbortSignal): Promise<void>;
}

export function agentService(options: AgentServiceOptions): AgentService {
  const desk = new AgentDesk(options);
  const service = serve(AgentProto, {
    enroll: (request, call) => desk.enroll(request, call),
    attach: (requests, call) => desk.attach(requests, call),
    sendLogs: async (requests, call) => {
      const machine = machineOf(call);
      for await (const lines of requests) await options.keepLogs(machine, lines);
      return {};
    },
  });
  return { ...service, run: (signal) => desk.run(signal) };
}

class AgentDesk {
  readonly #options: AgentServiceOptions;
  readonly #sessions = new Map<string, AgentSession>();
  readonly #orders = new Map<string, ResourceOf<typeof AgentOrder>>();
  readonly #ordersKnown = Promise.withResolvers<void>();

  constructor(options: AgentServiceOptions) {
    this.#options = options;
  }

  async enroll(request: EnrollRequest, call: Call) {
    const { authority, clock, log } = this.#options;
    // One that is known already renews; its certificate says which machine it is.
    const machine = request.bootToken === "" ? machineOf(call) : await this.#redeem(request);
    const csr = parse(request.csr);
    const leaf = machineCertificate(authority, machine, csr);
    log(`${machine}: its agent has a certificate until ${leaf.notAfter.toISOString()}`);
    return {
      certificateChain: [leaf.der],
      authorities: [authority.certificate.der],
      now: timestampFromDate(clock.now()),
    };
  }

  /** The machine that a token was made for; spends it. */
  async #redeem({ bootToken: text, csr, identity }: EnrollRequest): Promise<string> {
    const { bootTokenKey, clock, state, registry } = this.#options;
    const verdict = readBootToken(text, { key: bootTokenKey, now: clock.now(), use: "enrol" });
    if (verdict.is !== "good") {
      throw new GrpcError("unauthenticated", `the boot token is ${verdict.is}: boot the machine again`);
    }
    const { token } = verdict;
    const { machine } = token;
    // Its answer may have been lost with the process that gave it.
    if (!(await spend(state, clock, token, csr))) {
      throw new GrpcError("unauthenticated", "the boot token was used before: boot the machine again");
    }
    // The token says which boot this is, the hardware says whose: both have to agree.
    const met = identity && (await registry.meet(identityOf(identity)));
    if (met?.is === "nobody") throw new GrpcError("permissionDenied", met.why);
    if (met && met.id !== machine) {
      throw new GrpcError("permissionDenied", `the boot was planned for ${machine}, and this is ${met.id}`);
    }
    return machine;
  }

  async *attach(requests: Parameters<NonNullable<AgentHandlers["attach"]>>[0], call: Call) {
    const machine = machineOf(call);
    const heard = requests[Symbol.asyncIterator]();
    const first = await heard.next();
    if (first.done || first.value.message.case !== "hello") {
      throw new GrpcError("invalidArgument", "a session begins with a hello");
    }
    const hello = first.value.message.value;
    const { state, clock, registry, log } = this.#options;
    if (hello.identity) await registry.meet(identityOf(hello.identity));
    this.#sessions.get(machine)?.supersede();
    const session = new AgentSession({
      machine,
      hello,
      state,
      clock,
      log,
      orders: () => this.#ordersOf(machine),
    });
    this.#sessions.set(machine, session);
    try {
      yield* session.run(heard, { signal: call.signal, pingInterval: durationFromMs(pingIntervalMs) });
    } finally {
      if (this.#sessions.get(machine) === session) {
        this.#sessions.delete(machine);
        await session.lost();
      }
    }
  }

  async run(signal: AbortSignal): Promise<void> {
    // Those that went while nobody looked.
    const gone = new Map(this.#orders);
    for await (const events of this.#options.state.watch(AgentOrder, { signal })) {
      for (const event of events) {
        if (event.type === "bootstrapped") {
          for (const [id, { spec }] of gone) {
            this.#orders.delete(id);
            this.#sessions.get(spec.machine)?.settle(id);
          }
          gone.clear();
          this.#ordersKnown.resolve();
          await this.#sweep();
          continue;
        }
        const { id } = event.resource.metadata;
        gone.delete(id);
        const session = this.#sessions.get(event.resource.spec.machine);
        if (event.type === "destroyed") {
          this.#orders.delete(id);
          session?.settle(id);
          await this.#forget(id);
        } else {
          this.#orders.set(id, event.resource);
          session?.order(event.resource);
        }
      }
    }
  }

  async #ordersOf(machine: string): Promise<ResourceOf<typeof AgentOrder>[]> {
    await this.#ordersKnown.promise;
    return [...this.#orders.values()].filter(({ spec }) => spec.machine === machine);
  }

  /** Reports whose order went while no provisioner was there to see it. */
  async #sweep(): Promise<void> {
    const { resources } = await this.#options.state.list(AgentReport);
    for (const { metadata } of resources) if (!this.#orders.has(metadata.id)) await this.#forget(metadata.id);
  }

  async #forget(report: string): Promise<void> {
    await this.#options.state.destroy(AgentReport, report).catch((error: unknown) => {
      if (!(error instanceof NotFound)) throw error;
    });
  }
}

type AgentHandlers = Parameters<typeof serve<typeof AgentProto>>[1];

function parse(csr: Uint8Array) {
  try {
    return parseRequest(csr);
  } catch (cause) {
    throw new GrpcError("invalidArgument", cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

const identityOf = ({ uuid, serial, boardSerial, macs }: Identity): MachineIdentity => ({
  ...(uuid && { uuid: uuid.toLowerCase() }),
  ...(serial && { serial }),
  ...(boardSerial && { boardSerial }),
  macs: [...macs],
});
