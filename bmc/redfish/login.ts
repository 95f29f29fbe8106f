// Who we are to the service: a session where it has them, else name and password at every request.
import type { Response } from "./exchange.ts";

export interface RedfishCredentials {
  readonly user: string;
  readonly password: string;
}

export type Login =
  | { readonly by: "session"; readonly token: string; readonly path: string | undefined }
  | { readonly by: "basic"; readonly header: string };

export const basic = ({ user, password }: RedfishCredentials): Login => ({
  by: "basic",
  header: `Basic ${Buffer.from(`${user}:${password}`, "utf8").toString("base64")}`,
});

export const headersOf = (login: Login | undefined): Readonly<Record<string, string>> => {
  if (!login) return {};
  return login.by === "session" ? { "x-auth-token": login.token } : { authorization: login.header };
};

/** What the answer to a POST on the session collection gave us; undefined when it is no session. */
export function sessionOf(
  { status, headers }: Pick<Response, "status" | "headers">,
  resolve: (location: string) => string,
): Login | undefined {
  const token = headers["x-auth-token"];
  if (status >= 300 || token === undefined || !/^[!-~]+$/.test(token)) return undefined;
  const { location } = headers;
  return { by: "session", token, path: location === undefined ? undefined : resolve(location) };
}
