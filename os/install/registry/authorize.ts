// What a registry is shown so that it answers: a name and a password, or a token for which its own server wants them
// (distribution/spec/auth: token and oauth2).
import * as z from "zod";
import type { RegistryCredentials } from "../../../machine-config/settings/registries.ts";
import { innermost } from "../innermost.ts";
import type { Challenge } from "./challenge.ts";
import type { Fetch } from "./trusting-fetch.ts";

export interface Asking {
  readonly credentials: RegistryCredentials | undefined;
  readonly repository: string;
  readonly fetch: Fetch;
  readonly signal: AbortSignal;
}

const given = z.object({ token: z.string().optional(), access_token: z.string().optional() });

/** Answers the header `authorization` that it wants. */
export async function authorize(challenge: Challenge | undefined, asking: Asking): Promise<string> {
  const { credentials } = asking;
  const basic = credentials && "username" in credentials ? basicOf(credentials) : undefined;
  if (challenge?.scheme === "basic" && basic !== undefined) return basic;
  const realm = challenge?.parameters.get("realm");
  if (challenge?.scheme !== "bearer" || realm === undefined)
    throw new Error(
      `Cannot pull ${asking.repository}: the registry lets nobody in without a name and a password`,
    );
  const parameters = {
    ...(challenge.parameters.has("service") && { service: challenge.parameters.get("service")! }),
    scope: challenge.parameters.get("scope") ?? `repository:${asking.repository}:pull`,
  };
  const { token, access_token: accessToken } = given.parse(await tokenOf(new URL(realm), parameters, asking));
  return `Bearer ${token ?? accessToken ?? ""}`;
}

const basicOf = ({ username, password }: { username: string; password: string }) =>
  `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;

/** By a GET, with a name and a password if there are any; an identity token goes by a POST, as OAuth 2.0 has it. */
async function tokenOf(
  url: URL,
  parameters: Readonly<Record<string, string>>,
  { credentials, repository, fetch, signal }: Asking,
): Promise<unknown> {
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  const asked =
    credentials && "identityToken" in credentials
      ? fetch(new URL(url.pathname, url), {
          method: "POST",
          headers: { "content-type": "application/x-www-form-urlencoded" },
          body: new URLSearchParams({
            ...{ ...parameters, grant_type: "refresh_token", client_id: "ingot" },
            refresh_token: credentials.identityToken,
          }).toString(),
          signal,
        })
      : fetch(url, { headers: credentials ? { authorization: basicOf(credentials) } : {}, signal });
  const response = await asked.catch((cause: unknown) => {
    signal.throwIfAborted();
    throw new Error(
      `Cannot pull ${repository}: ${url.host} cannot be asked for a token: ${innermost(cause)}`,
      {
        cause,
      },
    );
  });
  if (response.ok) return response.json();
  await response.body?.cancel();
  throw new Error(`Cannot pull ${repository}: ${url.host} says ${response.status} instead of giving a token`);
}
