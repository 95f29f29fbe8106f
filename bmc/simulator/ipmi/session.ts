// One session of an emulated BMC, from Open Session to its end.
import { timingSafeEqual } from "node:crypto";
import { privilegeLevels } from "../../ipmi/commands/session.ts";
import type { SessionKeys } from "../../ipmi/packet.ts";
import {
  bmcProof,
  consoleProof,
  deriveKeys,
  type Handshake,
  passwordKey,
  rakpStatus,
} from "../../ipmi/rakp.ts";
import type { SequenceWindow } from "../../ipmi/sequence-window.ts";
import type { SimulatedUser } from "../furniture.ts";
import type { SolConsole } from "./sol-console.ts";

export interface SimulatedSession {
  readonly id: number;
  readonly consoleId: number;
  readonly window: SequenceWindow;
  lastHeardAt: number;
  sequence: number;
  state: SessionState;
  console?: SolConsole | undefined;
}

/** `proven`: message 2 was sent, the console's proof is awaited. */
type SessionState =
  | { readonly is: "offered"; readonly suite: Handshake["suite"] }
  | { readonly is: "proven"; readonly handshake: Handshake; readonly user: SimulatedUser }
  | {
      readonly is: "open";
      readonly keys: SessionKeys & { readonly check: Uint8Array };
      readonly most: number;
      privilege: number;
    };

const { user: readOnly } = privilegeLevels;

/** Message 2's proof, for a user that is known. */
export const proofOf = (handshake: Handshake, user: SimulatedUser): Uint8Array =>
  bmcProof(handshake, passwordKey(user.password));

/** Message 3: opens the session, or says why not. A repeated message 3 finds it open and gets the same answer. */
export function admit(
  session: SimulatedSession,
  code: Uint8Array,
  levelOf: (user: SimulatedUser) => number,
): number {
  const { state } = session;
  if (state.is === "open") return rakpStatus.ok;
  if (state.is !== "proven") return rakpStatus.unknownSession;
  const key = passwordKey(state.user.password);
  const expected = consoleProof(state.handshake, key);
  if (code.length !== expected.length || !timingSafeEqual(code, expected)) return rakpStatus.wrongCheck;
  const keys = deriveKeys(state.handshake, key);
  const asked = state.handshake.role.privilege;
  const most = Math.min(levelOf(state.user), asked === 0 ? levelOf(state.user) : asked);
  session.state = { is: "open", keys, most, privilege: Math.min(most, readOnly) };
  return rakpStatus.ok;
}
