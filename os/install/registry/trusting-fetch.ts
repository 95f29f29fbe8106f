// What fetch cannot do by itself: trust somebody whom not everybody trusts, and show who the machine is.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { Readable } from "node:stream";
import { getCACertificates } from "node:tls";
import type { RegistryTls } from "../../../machine-config/settings/registries.ts";

const mostRedirects = 5;
const redirects: ReadonlySet<number> = new Set([301, 302, 303, 307, 308]);

/** As much of fetch as asking a registry takes. */
export type Fetch = (
  url: string | URL,
  init: {
    readonly method?: "POST";
    readonly headers: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal: AbortSignal;
  },
) => Promise<Response>;

/** For addresses that begin with https; `usual` is for others. Whom a host sends us to does not hear what authorized us there. */
export function trustingFetch(tls: RegistryTls, usual: Fetch): Fetch {
  const { authorities, identity, skipsVerification } = tls;
  const secure = {
    minVersion: "TLSv1.2",
    rejectUnauthorized: !skipsVerification,
    ...(authorities !== undefined && { ca: [...getCACertificates("default"), authorities] }),
    ...(identity && { cert: identity.certificate, key: identity.key }),
  } as const;

  return async (first, init) => {
    let url = new URL(first);
    let { headers } = init;
    for (let left = mostRedirects; left >= 0; left--) {
      if (url.protocol !== "https:") return usual(url, { ...init, headers });
      const response = await ask(url, { ...init, headers });
      const { statusCode = 500, headers: said } = response;
      if (!redirects.has(statusCode) || said.location === undefined) return answerOf(response);
      response.resume();
      const next = new URL(said.location, url);
      if (next.host !== url.host) {
        const { authorization: _, ...others } = headers;
        headers = others;
      }
      url = next;
    }
    throw new Error(`Cannot get ${url.href}: it is one redirect too many`);
  };

  async function ask(url: URL, { body, ...rest }: Parameters<Fetch>[1]): Promise<IncomingMessage> {
    const sent = request(url, { ...secure, ...rest }).end(body);
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    // What breaks from here on breaks in the hands of whoever reads.
    sent.on("error", (error) => response.destroy(error));
    return response;
  }
}

function answerOf(message: IncomingMessage): Response {
  const { statusCode: status = 500 } = message;
  const headers = new Headers();
  for (const [name, values = []] of Object.entries(message.headersDistinct))
    for (const value of values) headers.append(name, value);
  const isEmpty = [204, 205, 304].includes(status);
  return new Response(isEmpty ? null : (Readable.toWeb(message) as ReadableStream), { status, headers });
}
