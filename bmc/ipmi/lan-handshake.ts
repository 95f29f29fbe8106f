// Open Session and RAKP as the remote console sees them, and what each refusal most likely means.
import { timingSafeEqual } from "node:crypto";
import { type Codec, decode, encode } from "../../wire/codec.ts";
import { WireError } from "../../wire/error.ts";
import type { CipherSuite } from "./cipher-suites.ts";
import { IpmiError, type IpmiFailure } from "./error.ts";
import { type LanTarget, nameOf } from "./lan-discovery.ts";
import { ask } from "./lan-exchange.ts";
import { payloadTypes, type SessionKeys, writePacket } from "./packet.ts";
import {
  bmcProof,
  consoleProof,
  deriveKeys,
  type Handshake,
  openSessionRequest,
  openSessionResponse,
  passwordKey,
  rakp1,
  rakp2,
  rakp3,
  rakp4,
  rakpStatus,
} from "./rakp.ts";

export interface Credentials {
  readonly user: string;
  readonly password: string;
  /** K_G, of the few BMCs that were given one. */
  readonly bmcKey?: Uint8Array | undefined;
}

export interface HandshakeOptions {
  readonly target: LanTarget;
  readonly credentials: Credentials;
  readonly suite: CipherSuite;
  readonly privilege: number;
  readonly consoleSession: number;
  readonly randomBytes: (size: number) => Uint8Array;
}

export interface Agreement {
  readonly keys: SessionKeys;
  readonly bmcSession: number;
  readonly guid: Uint8Array;
}

export async function handshake(options: HandshakeOptions): Promise<Agreement> {
  const { target, credentials, suite, privilege, consoleSession, randomBytes } = options;
  const { authentication, integrity, confidentiality } = suite;
  const refuse = (status: number) => refusal(options, status);

  const offer = await step(
    target,
    payloadTypes.openSessionRequest,
    openSessionRequest,
    openSessionResponse,
    consoleSession,
    {
      tag: 0,
      privilege: 0,
      consoleSession,
      algorithms: {
        authentication: { algorithm: authentication },
        integrity: { algorithm: integrity },
        confidentiality: { algorithm: confidentiality },
      },
    },
  );
  if (offer.status !== rakpStatus.ok) throw refuse(offer.status);
  if (!offer.accepted) throw senseless(target);
  const agreed = offer.accepted.algorithms;
  // A BMC that answers with weaker algorithms than asked for would have us send in the clear.
  if (
    agreed.authentication.algorithm !== authentication ||
    agreed.integrity.algorithm !== integrity ||
    agreed.confidentiality.algorithm !== confidentiality
  ) {
    throw failure(options, "suite", `it answered cipher suite ${suite.id} with other algorithms`);
  }

  const { bmcSession } = offer.accepted;
  const consoleRandom = randomBytes(16);
  const role = { reserved: 0, nameOnly: 1, privilege };
  const user = credentials.user;
  const second = await step(target, payloadTypes.rakp1, rakp1, rakp2, consoleSession, {
    tag: 1,
    bmcSession,
    consoleRandom,
    role,
    user,
  });
  if (second.status !== rakpStatus.ok) throw refuse(second.status);
  if (!second.proof) throw senseless(target);
  const { bmcRandom, guid, code } = second.proof;
  const known: Handshake = { suite, consoleSession, bmcSession, consoleRandom, bmcRandom, guid, role, user };
  const key = passwordKey(credentials.password);
  if (!same(code, bmcProof(known, key))) {
    // Telling the BMC frees its half-open session at once.
    const status = rakpStatus.wrongCheck;
    send(target, payloadTypes.rakp3, rakp3, { tag: 2, status, bmcSession, code: new Uint8Array() });
    throw failure(options, "credentials", `wrong password for user ${JSON.stringify(user)}`);
  }

  const keys = deriveKeys(known, key, credentials.bmcKey);
  const fourth = await step(target, payloadTypes.rakp3, rakp3, rakp4, consoleSession, {
    tag: 2,
    status: rakpStatus.ok,
    bmcSession,
    code: consoleProof(known, key),
  });
  if (fourth.status !== rakpStatus.ok) throw refuse(fourth.status);
  if (!same(fourth.code, keys.check)) {
    throw failure(
      options,
      "credentials",
      "its last proof is wrong: it has a BMC key (K_G) that we do not, or is not who it says",
    );
  }
  return { keys, bmcSession, guid: guid.slice() };
}

const same = (a: Uint8Array, b: Uint8Array) => a.length === b.length && timingSafeEqual(a, b);

function send<T>({ port, peer }: LanTarget, type: number, codec: Codec<T>, value: T): void {
  port.send(
    writePacket({ format: "plus", type, session: 0, sequence: 0, payload: encode(codec, value) }),
    peer,
  );
}

interface Step {
  readonly tag: number;
}

/** Sends one message of the handshake; the answer is the next payload type with our tag and session. */
function step<Request extends Step, Response extends Step & { readonly consoleSession: number }>(
  target: LanTarget,
  type: number,
  request: Codec<Request>,
  response: Codec<Response>,
  consoleSession: number,
  value: Request,
): Promise<Response> {
  const { port, peer } = target;
  return ask<Response>({
    ...target,
    peer: nameOf(peer),
    what: "open an IPMI session",
    likely: "it is overloaded; some BMCs are silent towards a user or a cipher suite that they do not know",
    send: () => send(target, type, request, value),
    listen: (answer) =>
      port.listen(peer, (arrival) => {
        if (arrival.class !== "ipmi" || arrival.type !== type + 1) return;
        try {
          const reply = decode(response, arrival.payload);
          const ours = reply.consoleSession === consoleSession || reply.consoleSession === 0;
          if (reply.tag === value.tag && ours) answer(reply);
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
        }
      }),
  });
}

const failure = ({ target, suite }: HandshakeOptions, kind: IpmiFailure, why: string) =>
  new IpmiError({
    kind,
    message: `Cannot open an IPMI session with ${nameOf(target.peer)} (cipher suite ${suite.id}): ${why}`,
  });

const senseless = ({ peer }: LanTarget) =>
  new IpmiError({
    kind: "malformed",
    message: `Cannot open an IPMI session with ${nameOf(peer)}: its answer is cut short`,
  });

/** §13.24: what a status means, and who is to blame for it. */
function refusal(options: HandshakeOptions, status: number): IpmiError {
  const user = JSON.stringify(options.credentials.user);
  const causes: Readonly<Record<number, readonly [IpmiFailure, string]>> = {
    [rakpStatus.noResources]: [
      "noFreeSession",
      "it has no free session; others are open, or were not closed",
    ],
    [rakpStatus.noResourcesForRole]: ["noFreeSession", "it has no free session for this privilege"],
    [rakpStatus.unknownSession]: ["noFreeSession", "it forgot the session while it was being opened"],
    [rakpStatus.unknownRole]: ["privilege", "it does not know this privilege"],
    [rakpStatus.roleDenied]: ["privilege", `user ${user} may not have privilege ${options.privilege}`],
    [rakpStatus.unknownUser]: [
      "credentials",
      `it knows no user ${user}, or the user is disabled for this channel`,
    ],
    [rakpStatus.wrongCheck]: ["credentials", `wrong password for user ${user}`],
    [rakpStatus.noSuiteMatch]: ["suite", `it refuses cipher suite ${options.suite.id}`],
  };
  const [kind, why] =
    causes[status] ??
    ([
      "suite",
      `it refuses with status 0x${status.toString(16)}, which mostly means the cipher suite`,
    ] as const);
  return failure(options, kind, why);
}
