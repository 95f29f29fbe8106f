import { z } from "zod";
import type { Clock } from "../../cosi/clock.ts";
import { encodeSpec } from "../../cosi/spec.ts";
import type { State } from "../../cosi/state.ts";
import { labels } from "../resources/labels.ts";
import { roles } from "../resources/roles.ts";
import { Token } from "../resources/token.ts";
import { kindAt } from "./catalog.ts";
import { Problem } from "./problem.ts";
import { isScoped } from "./reader.ts";
import { root } from "./resource-routes.ts";
import type { Route } from "./route.ts";
import { makeToken } from "./tokens.ts";
import { viewOf } from "./view.ts";

const wish = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._@-]{0,62}$/, "letters, digits and ._@-"),
  role: z.enum(roles),
  scope: labels.optional(),
  expiresInDays: z.number().positive().max(3650).optional(),
});

const day = 24 * 60 * 60_000;

export function tokenRoutes({ state, clock }: { state: State; clock: Pick<Clock, "now"> }): Route[] {
  const path = `${root}/tokens`;
  const make: Route = {
    method: "POST",
    path,
    role: "admin",
    operation: "tokens.create",
    about: "Makes a token. Its text is in this answer and nowhere else.",
    body: wish,
    handle: async ({ body, who }) => {
      if (isScoped(who)) throw new Problem(403, "a token for some machines makes no others");
      const { expiresInDays, ...rest } = body as z.output<typeof wish>;
      const expiresAt =
        expiresInDays === undefined ? undefined : new Date(clock.now().getTime() + expiresInDays * day);
      const { text, resource } = await makeToken(
        { state, clock },
        { ...rest, expiresAt, createdBy: who.name },
      );
      const { metadata, spec } = resource;
      const view = viewOf(kindAt("tokens"), { metadata, spec: encodeSpec(Token, metadata, spec) });
      return { status: 201, body: { ...view, token: text } };
    },
  };
  const revoke: Route = {
    method: "DELETE",
    path: `${path}/{id}`,
    role: "admin",
    operation: "tokens.revoke",
    about: "From now on the token is refused.",
    handle: async ({ params, who }) => {
      if (isScoped(who)) throw new Problem(403, "a token for some machines revokes no others");
      await state.destroy(Token, params["id"]!);
      return { status: 204, body: undefined };
    },
  };
  return [make, revoke];
}
