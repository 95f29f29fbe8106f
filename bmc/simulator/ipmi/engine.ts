// An emulated BMC without its socket: a packet in, packets out. Sessions, RAKP and protection as IPMI 2.0 §13 has them.
import { type Codec, decode, encode } from "../../../wire/codec.ts";
import { WireError } from "../../../wire/error.ts";
import { cipherSuites } from "../../ipmi/cipher-suites.ts";
import { accessModes } from "../../ipmi/commands/channel.ts";
import { privilegeLevels } from "../../ipmi/commands/session.ts";
import { readMessage, writeMessage } from "../../ipmi/message.ts";
import { type Envelope, open, payloadTypes, readEnvelope, writePacket } from "../../ipmi/packet.ts";
import {
  openSessionRequest,
  openSessionResponse,
  rakp1,
  rakp2,
  rakp3,
  rakp4,
  rakpStatus,
} from "../../ipmi/rakp.ts";
import { asf, pong, pongIana, rmcp } from "../../ipmi/rmcp.ts";
import { nextSequence, SequenceWindow } from "../../ipmi/sequence-window.ts";
import type { SimulatedChassis } from "../chassis.ts";
import type { SimulatedUser } from "../furniture.ts";
import { defaultSuites, guidOf, levelOf } from "./app-handlers.ts";
import { execute } from "./execute.ts";
import type { SessionOfCaller } from "./handler.ts";
import { BmcMemory } from "./memory.ts";
import { admit, proofOf, type SimulatedSession } from "./session.ts";
import { SolConsole } from "./sol-console.ts";

export interface EngineOptions {
  readonly chassis: SimulatedChassis;
  readonly randomBytes: (size: number) => Uint8Array;
  /** The UDP port that consoles are told to use: the one of the session. */
  readonly udpPort: () => number;
}

type Reply = (packet: Uint8Array) => void;

/** §6.12.15: a session that is silent for so long is over. */
const sessionTimeoutMs = 60_000;
const nobody = 0;

export class IpmiEngine implements Disposable {
  #chassis: SimulatedChassis;
  #memory: BmcMemory;
  #randomBytes: EngineOptions["randomBytes"];
  #udpPort: EngineOptions["udpPort"];
  #sessions = new Map<number, SimulatedSession>();
  #lockedUntil = 0;
  #silentUntil = 0;
  #recentCommands: number[] = [];

  constructor({ chassis, randomBytes, udpPort }: EngineOptions) {
    this.#udpPort = udpPort;
    this.#chassis = chassis;
    this.#memory = BmcMemory.of(chassis);
    this.#randomBytes = randomBytes;
  }

  get openSessions(): number {
    this.#expire();
    return this.#sessions.size;
  }

  /** Whatever makes no sense is dropped, as every BMC does. */
  receive(packet: Uint8Array, reply: Reply): void {
    try {
      const { class: kind, payload } = decode(rmcp, packet);
      const { clock, furniture } = this.#chassis;
      if (clock.now() < this.#silentUntil || furniture.lanAccess.mode === accessModes.disabled) return;
      if (kind === "asf") this.#pong(payload, reply);
      else this.#dispatch(readEnvelope(payload), reply);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
    }
  }

  #pong(payload: Uint8Array, reply: Reply): void {
    const { type, tag } = decode(asf, payload);
    if (type !== "ping") return;
    const data = encode(pong, {
      iana: pongIana,
      oem: 0,
      entities: { ipmi: 1, reserved: 0, version: 1 },
      interactions: 0,
    });
    reply(
      encode(rmcp, {
        sequence: 0xff,
        class: "asf",
        payload: encode(asf, { type: "pong", tag, length: data.length, data }),
      }),
    );
  }

  #dispatch(envelope: Envelope, reply: Reply): void {
    if (envelope.session !== nobody) return this.#inSession(envelope, reply);
    switch (envelope.type) {
      case payloadTypes.ipmi:
        return this.#unprotected(envelope, reply);
      case payloadTypes.openSessionRequest:
        return this.#openSession(envelope.payload, reply);
      case payloadTypes.rakp1:
        return this.#prove(envelope.payload, reply);
      case payloadTypes.rakp3:
        return this.#admit(envelope.payload, reply);
    }
  }

  #unprotected({ format, payload }: Envelope, reply: Reply): void {
    const request = readMessage(payload);
    const answer = execute(request, { chassis: this.#chassis, memory: this.#memory, privilege: nobody });
    reply(
      writePacket({
        format,
        type: payloadTypes.ipmi,
        session: nobody,
        sequence: 0,
        payload: answerTo(request, answer),
      }),
    );
  }

  #openSession(payload: Uint8Array, reply: Reply): void {
    const { tag, privilege, consoleSession, algorithms } = decode(openSessionRequest, payload);
    const refuse = (status: number) =>
      this.#handshake(
        payloadTypes.openSessionResponse,
        openSessionResponse,
        { tag, status, privilege, consoleSession, accepted: undefined },
        reply,
      );

    const suite = cipherSuites.find(
      (suite) =>
        suite.authentication === algorithms.authentication.algorithm &&
        suite.integrity === algorithms.integrity.algorithm &&
        suite.confidentiality === algorithms.confidentiality.algorithm,
    );
    // Suite 0 is listed by some profiles, to be reported, and served by none.
    if (!suite || !(this.#chassis.quirks.cipherSuites ?? defaultSuites).includes(suite.id))
      return refuse(rakpStatus.noSuiteMatch);
    if (!this.#hasRoom()) return refuse(rakpStatus.noResources);

    const id = this.#newId();
    this.#sessions.set(id, {
      id,
      consoleId: consoleSession,
      window: new SequenceWindow(),
      sequence: 0,
      lastHeardAt: this.#chassis.clock.now(),
      state: { is: "offered", suite },
    });
    this.#handshake(
      payloadTypes.openSessionResponse,
      openSessionResponse,
      {
        tag,
        status: rakpStatus.ok,
        privilege: privilege || privilegeLevels.administrator,
        consoleSession,
        accepted: { bmcSession: id, algorithms },
      },
      reply,
    );
  }

  #hasRoom(): boolean {
    this.#expire();
    const { maxSessions = 64, sessionLockoutMs } = this.#chassis.quirks;
    const now = this.#chassis.clock.now();
    if (now < this.#lockedUntil) return false;
    if (this.#sessions.size < maxSessions) return true;
    if (sessionLockoutMs !== undefined) this.#lockedUntil = now + sessionLockoutMs;
    return false;
  }

  #expire(): void {
    const oldest = this.#chassis.clock.now() - sessionTimeoutMs;
    for (const session of this.#sessions.values()) if (session.lastHeardAt <= oldest) this.#close(session);
  }

  #newId(): number {
    for (;;) {
      const id = Buffer.from(this.#randomBytes(4)).readUInt32LE();
      if (id !== nobody && !this.#sessions.has(id)) return id;
    }
  }

  #prove(payload: Uint8Array, reply: Reply): void {
    const { tag, bmcSession, consoleRandom, role, user: name } = decode(rakp1, payload);
    const session = this.#sessions.get(bmcSession);
    const refuse = (status: number) => {
      if (session) this.#close(session);
      this.#handshake(
        payloadTypes.rakp2,
        rakp2,
        { tag, status, consoleSession: session?.consoleId ?? 0, proof: undefined },
        reply,
      );
    };
    if (session?.state.is !== "offered") return refuse(rakpStatus.unknownSession);
    const user = this.#chassis.furniture.users.find(
      (user) => user.name === name && user.enabled && user.privilege !== "none",
    );
    if (!user || name === "") return refuse(rakpStatus.unknownUser);
    if (role.privilege > this.#mostFor(user)) return refuse(rakpStatus.roleDenied);

    const handshake = {
      suite: session.state.suite,
      consoleSession: session.consoleId,
      bmcSession,
      consoleRandom: consoleRandom.slice(),
      bmcRandom: this.#randomBytes(16),
      guid: guidOf(this.#chassis),
      role,
      user: name,
    };
    session.state = { is: "proven", handshake, user };
    const proof = { bmcRandom: handshake.bmcRandom, guid: handshake.guid, code: proofOf(handshake, user) };
    this.#handshake(
      payloadTypes.rakp2,
      rakp2,
      { tag, status: rakpStatus.ok, consoleSession: session.consoleId, proof },
      reply,
    );
  }

  #admit(payload: Uint8Array, reply: Reply): void {
    const { tag, status: theirs, bmcSession, code } = decode(rakp3, payload);
    const session = this.#sessions.get(bmcSession);
    if (!session) return;
    // The console tells that it refuses us; there is nothing to answer.
    if (theirs !== rakpStatus.ok) return this.#close(session);
    const status = admit(session, code, (user) => this.#mostFor(user));
    if (status !== rakpStatus.ok) this.#close(session);
    const check = session.state.is === "open" ? session.state.keys.check : new Uint8Array();
    this.#handshake(
      payloadTypes.rakp4,
      rakp4,
      { tag, status, consoleSession: session.consoleId, code: check },
      reply,
    );
  }

  #mostFor({ privilege }: SimulatedUser): number {
    return Math.min(levelOf[privilege], this.#chassis.furniture.lanAccess.privilege);
  }

  #handshake<T>(type: number, codec: Codec<T>, value: T, reply: Reply): void {
    reply(writePacket({ format: "plus", type, session: nobody, sequence: 0, payload: encode(codec, value) }));
  }

  #inSession(envelope: Envelope, reply: Reply): void {
    const session = this.#sessions.get(envelope.session);
    if (session?.state.is !== "open") return;
    const payload = open(envelope, session.state.keys);
    if (!payload || !session.window.accept(envelope.sequence)) return;
    session.lastHeardAt = this.#chassis.clock.now();
    if (envelope.type === payloadTypes.sol) return session.console?.receive(payload);
    if (envelope.type !== payloadTypes.ipmi || this.#isTired()) return;

    const request = readMessage(payload);
    // The answer to Close Session still travels in the session.
    const { keys, privilege } = session.state;
    const answer = execute(request, {
      chassis: this.#chassis,
      memory: this.#memory,
      privilege,
      session: this.#callerSession(session, reply),
    });
    this.#send(session, keys, payloadTypes.ipmi, answerTo(request, answer), reply);
  }

  #send(
    session: SimulatedSession,
    keys: Parameters<typeof open>[1],
    type: number,
    payload: Uint8Array,
    reply: Reply,
  ): void {
    session.sequence = nextSequence(session.sequence);
    reply(
      writePacket(
        { format: "plus", type, session: session.consoleId, sequence: session.sequence, payload },
        keys,
      ),
    );
  }

  #callerSession(session: SimulatedSession, reply: Reply): SessionOfCaller {
    return {
      id: session.id,
      udpPort: this.#udpPort(),
      setPrivilege(level) {
        if (session.state.is !== "open" || level > session.state.most) return false;
        session.state.privilege = level;
        return true;
      },
      close: (id) => {
        const target = this.#sessions.get(id);
        if (target) this.#close(target);
        return target !== undefined;
      },
      openConsole: () => {
        if ([...this.#sessions.values()].some(({ console }) => console)) return false;
        if (session.state.is !== "open") return false;
        const { keys } = session.state;
        const { serialConsole: line, clock } = this.#chassis;
        const send = (payload: Uint8Array) => this.#send(session, keys, payloadTypes.sol, payload, reply);
        session.console = new SolConsole({ line, clock, send });
        return true;
      },
      // Another session may take the console away: that is how a lost one is freed.
      closeConsole: () => {
        const holder = [...this.#sessions.values()].find(({ console }) => console);
        holder?.console?.[Symbol.dispose]();
        if (holder) holder.console = undefined;
        return holder !== undefined;
      },
    };
  }

  /** The quirk of falling silent after too many commands in too short a time. */
  #isTired(): boolean {
    const { burst } = this.#chassis.quirks;
    if (!burst) return false;
    const now = this.#chassis.clock.now();
    this.#recentCommands = [...this.#recentCommands.filter((at) => at > now - burst.withinMs), now];
    if (this.#recentCommands.length <= burst.commands) return false;
    this.#silentUntil = now + burst.silentMs;
    return true;
  }

  #close(session: SimulatedSession): void {
    session.console?.[Symbol.dispose]();
    this.#sessions.delete(session.id);
  }

  [Symbol.dispose](): void {
    for (const session of this.#sessions.values()) this.#close(session);
  }
}

const answerTo = (request: ReturnType<typeof readMessage>, answer: ReturnType<typeof execute>) =>
  writeMessage({
    ...request,
    netFn: request.netFn | 1,
    data: Uint8Array.of(answer.completion, ...answer.data),
  });
