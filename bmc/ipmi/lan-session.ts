// An RMCP+ session: the transport of every IPMI command over the network. IPMI 2.0 §13.
import { encode } from "../../wire/codec.ts";
import { u32le } from "../../wire/integers.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import { cipherSuites } from "./cipher-suites.ts";
import { netFns, type RawRequest, type RawResponse, run, type Transport } from "./command.ts";
import { getDeviceId } from "./commands/device.ts";
import { closeSession, privilegeLevels, setSessionPrivilege } from "./commands/session.ts";
import { IpmiError } from "./error.ts";
import { authenticationCapabilities, type LanTarget, nameOf, offeredSuites } from "./lan-discovery.ts";
import { ask, type Patience, usualPatience } from "./lan-exchange.ts";
import { type Agreement, type Credentials, handshake } from "./lan-handshake.ts";
import type { Arrival } from "./lan-port.ts";
import { readMessage, writeMessage } from "./message.ts";
import { open, payloadTypes, writePacket } from "./packet.ts";
import { senseOrNone } from "./sense.ts";
import { nextSequence, SequenceWindow } from "./sequence-window.ts";

export interface LanSessionOptions extends Omit<LanTarget, "patience">, Credentials {
  readonly randomBytes: (size: number) => Uint8Array;
  readonly privilege?: "user" | "operator" | "administrator" | undefined;
  readonly patience?: Patience | undefined;
  /** Tried in this order instead of asking the BMC what it offers. */
  readonly suites?: readonly number[] | undefined;
  /** BMCs drop sessions that are silent for a minute. Zero: never. */
  readonly keepAliveMs?: number | undefined;
  /** Said about a BMC that anybody can use, and the like. */
  readonly onWarning?: ((warning: string) => void) | undefined;
}

export async function openLanSession(options: LanSessionOptions): Promise<LanSession> {
  const { port, clock, peer, signal, user, password, bmcKey, randomBytes } = options;
  const target: LanTarget = { port, clock, peer, signal, patience: options.patience ?? usualPatience };
  const level = privilegeLevels[options.privilege ?? "administrator"];

  const { types, extended } = await authenticationCapabilities(target);
  if (!types.plus || !extended.plus) {
    throw new IpmiError({
      kind: "suite",
      message: `Cannot open an IPMI session with ${nameOf(peer)}: it speaks only IPMI 1.5, which protects nothing`,
    });
  }

  let refused: unknown;
  for (const suite of await suitesToTry(options, target)) {
    const session = new LanSession(target, options.keepAliveMs ?? 30_000);
    try {
      await session.begin(
        await handshake({
          target,
          suite,
          randomBytes,
          privilege: level,
          consoleSession: session.id,
          credentials: { user, password, bmcKey },
        }),
        level,
      );
      return session;
    } catch (error) {
      await session[Symbol.asyncDispose]();
      if (!(error instanceof IpmiError) || error.kind !== "suite") throw error;
      refused = error;
    }
  }
  throw refused;
}

async function suitesToTry({ suites, onWarning }: LanSessionOptions, target: LanTarget) {
  if (suites) return cipherSuites.filter(({ id }) => suites.includes(id));
  const offered = await offeredSuites(target);
  if (offered?.includes(0)) {
    onWarning?.(`${nameOf(target.peer)} offers cipher suite 0: anyone can command it without a password`);
  }
  const common = cipherSuites.filter(({ id }) => offered?.includes(id) ?? true);
  if (common.length > 0) return common;
  throw new IpmiError({
    kind: "suite",
    message: `Cannot open an IPMI session with ${nameOf(target.peer)}: it offers cipher suites ${offered?.join(", ") || "none"}, and only 17 and 3 are spoken here`,
  });
}

type State =
  | { readonly is: "opening" }
  | { readonly is: "open"; readonly agreement: Agreement }
  | { readonly is: "closed" };

export class LanSession implements Transport {
  readonly peer: string;
  readonly clock: LanTarget["clock"];
  /** Ours; the BMC writes it into every packet. */
  readonly id: number;

  #target: LanTarget;
  #registration: Disposable;
  #state: State = { is: "opening" };
  #window = new SequenceWindow();
  #sequence = 0;
  #pairing = 0;
  /** BMCs that get two commands at once answer one of them. */
  #inTurn = oneAtATime();
  #listeners = new Map<number, Set<(payload: Uint8Array) => void>>();
  #keepAliveMs: number;
  #keepAlive: Disposable | undefined;

  constructor(target: LanTarget, keepAliveMs: number) {
    const registration = target.port.session(target.peer, (arrival) => this.#receive(arrival));
    this.#target = target;
    this.#registration = registration;
    this.#keepAliveMs = keepAliveMs;
    this.id = registration.id;
    this.peer = nameOf(target.peer);
    this.clock = target.clock;
  }

  async begin(agreement: Agreement, level: number): Promise<void> {
    this.#state = { is: "open", agreement };
    await run(this, setSessionPrivilege, level);
    this.#target = { ...this.#target, signal: undefined };
  }

  #receive(arrival: Arrival): void {
    if (this.#state.is !== "open" || arrival.class !== "ipmi") return;
    const payload = open(arrival, this.#state.agreement.keys);
    if (!payload || !this.#window.accept(arrival.sequence)) return;
    for (const listener of this.#listeners.get(arrival.type) ?? []) listener(payload);
  }

  /** What arrives of one payload type, such as serial over LAN. */
  listen(type: number, listener: (payload: Uint8Array) => void): Disposable {
    const listeners = this.#listeners.get(type) ?? new Set();
    this.#listeners.set(type, listeners.add(listener));
    return { [Symbol.dispose]: () => listeners.delete(listener) };
  }

  send(type: number, payload: Uint8Array): void {
    if (this.#state.is !== "open") throw this.#closed();
    const { keys, bmcSession } = this.#state.agreement;
    this.#sequence = nextSequence(this.#sequence);
    const packet = { format: "plus", type, session: bmcSession, sequence: this.#sequence, payload } as const;
    this.#target.port.send(writePacket(packet, keys), this.#target.peer);
  }

  exchange(request: RawRequest): Promise<RawResponse> {
    this.#armKeepAlive();
    return this.#inTurn(() => this.#exchange(request, this.#target.patience));
  }

  #exchange({ netFn, lun, code, data }: RawRequest, patience: Patience): Promise<RawResponse> {
    if (this.#state.is !== "open") return Promise.reject(this.#closed());
    this.#pairing = (this.#pairing + 1) & 0x3f;
    const sequence = this.#pairing;
    // A repeated request keeps its pairing number, so that a BMC may know it for the same; its session number is new.
    const payload = writeMessage({ netFn, lun, sequence, code, data });
    return ask<RawResponse>({
      ...this.#target,
      patience,
      peer: this.peer,
      what: `run command 0x${netFn.toString(16)}/0x${code.toString(16)}`,
      likely: "it hangs, restarts, or has dropped the session",
      send: () => this.send(payloadTypes.ipmi, payload),
      listen: (answer) =>
        this.listen(payloadTypes.ipmi, (payload) => {
          const reply = senseOrNone(() => readMessage(payload));
          if (reply?.netFn !== netFn + 1 || reply.code !== code || reply.sequence !== sequence) return;
          const completion = reply.data[0];
          if (completion !== undefined) answer({ completion, data: reply.data.subarray(1) });
        }),
    });
  }

  #armKeepAlive(): void {
    this.#keepAlive?.[Symbol.dispose]();
    if (this.#keepAliveMs === 0) return;
    this.#keepAlive = this.clock.after(this.#keepAliveMs, () => {
      // A failure shows at the next real command, which then says so to somebody who cares.
      run(this, getDeviceId, undefined).catch(() => {});
    });
  }

  #closed(): IpmiError {
    return new IpmiError({
      kind: "closed",
      message: `Cannot talk to ${this.peer}: the IPMI session is closed`,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#keepAlive?.[Symbol.dispose]();
    if (this.#state.is === "open") {
      // Sessions are scarce: iDRAC locks everybody out for 20 minutes when they run out. Asked twice at most, since a
      // BMC that went away cannot be told.
      const data = encode(u32le, this.#state.agreement.bmcSession);
      const request = { netFn: netFns.app, lun: 0, code: closeSession.code, data };
      const patience = { ...this.#target.patience, tries: Math.min(2, this.#target.patience.tries) };
      await this.#inTurn(() => this.#exchange(request, patience)).catch(() => {});
    }
    this.#state = { is: "closed" };
    this.#registration[Symbol.dispose]();
  }
}
