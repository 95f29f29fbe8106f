// Who asks: tokens of which the store knows only the hash.
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import type { Clock } from "../../cosi/clock.ts";
import type { State } from "../../cosi/state.ts";
import { type Role, roles } from "../resources/roles.ts";
import { Token } from "../resources/token.ts";
import { Problem } from "./problem.ts";

/** Whoever bears a good token. */
export interface Bearer {
  readonly token: string;
  readonly name: string;
  readonly role: Role;
  /** Labels that a machine must have for this bearer to see it. */
  readonly scope: Readonly<Record<string, string>>;
}

export interface TokenWish {
  readonly name: string;
  readonly role: Role;
  readonly scope?: Readonly<Record<string, string>> | undefined;
  readonly expiresAt?: Date | undefined;
  readonly createdBy: string;
}

interface Shelf {
  readonly state: State;
  readonly clock: Pick<Clock, "now">;
}

/** Makes a token. The text is told once: nobody can tell it again. */
export async function makeToken({ state, clock }: Shelf, wish: TokenWish) {
  const id = randomBytes(6).toString("hex");
  const secret = randomBytes(32).toString("base64url");
  const { name, role, scope = {}, expiresAt, createdBy } = wish;
  const spec = {
    name,
    role,
    scope,
    sha256: hash(secret).toString("hex"),
    createdAt: clock.now(),
    createdBy,
    ...(expiresAt && { expiresAt }),
  };
  const resource = await state.create(Token, id, { spec });
  return { text: `ingot_${id}_${secret}`, resource };
}

/** The first token of a store that has none; undefined where somebody has one already. */
export async function firstToken(shelf: Shelf): Promise<string | undefined> {
  const { resources } = await shelf.state.list(Token);
  if (resources.length > 0) return undefined;
  return (await makeToken(shelf, { name: "first", role: "admin", createdBy: "first start" })).text;
}

/** Every way in which a token can be bad looks the same from outside. */
const refused = () =>
  new Problem(401, "the token is unknown, revoked or expired", {
    headers: { "www-authenticate": 'Bearer realm="ingot"' },
  });

export async function bearerOf({ state, clock }: Shelf, text: string): Promise<Bearer> {
  const [, id, secret] = /^ingot_([0-9a-f]{12})_([\w-]{43})$/.exec(text) ?? [];
  if (id === undefined || secret === undefined) throw refused();
  const known = await state.find(Token, id);
  // The same work for an id that nobody has.
  const ours = Buffer.from(known?.spec.sha256 ?? "0".repeat(64), "hex");
  const fits = timingSafeEqual(ours, hash(secret));
  if (!known || !fits || known.metadata.phase !== "running") throw refused();
  const { name, role, scope, expiresAt } = known.spec;
  if (expiresAt && clock.now() >= expiresAt) throw refused();
  return { token: id, name, role, scope };
}

const hash = (secret: string) => createHash("sha256").update(secret).digest();

export const mayAct = ({ role }: Pick<Bearer, "role">, needed: Role): boolean =>
  roles.indexOf(role) >= roles.indexOf(needed);
