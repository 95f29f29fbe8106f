// HTTPS before there is anybody to trust but a fingerprint: a config has the keys of a cluster in it, and is for nobody
// who only listens.
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { isIP } from "node:net";
import { connect, type TLSSocket } from "node:tls";
import { refusalOf } from "./pinned-tls.ts";

/** In the kernel arguments: `sha256:` and the authority's fingerprint. */
export const pinArgument = "ingot.ca";

/** For addresses that begin with https: trusts that authority alone. Without a fingerprint, and for others: as usual. */
export function pinnedFetch(pin: string | undefined, usual: typeof fetch): typeof fetch {
  const [, authorityFingerprint] = /^sha256:([0-9a-f]{64})$/.exec(pin ?? "") ?? [];
  if (authorityFingerprint === undefined) return usual;
  return async (input, init = {}) => {
    const url = new URL(input instanceof Request ? input.url : input);
    if (url.protocol !== "https:") return usual(input, init);
    const signal = init.signal ?? undefined;
    const socket = await connectTo(url, authorityFingerprint, signal);
    const sent = request({
      ...{ createConnection: () => socket, method: init.method ?? "GET", path: url.pathname + url.search },
      ...{ headers: { host: url.host, connection: "close" }, signal },
    }).end();
    const [response] = (await once(sent, "response")) as [IncomingMessage];
    const body = Buffer.concat((await response.toArray()) as Buffer[]);
    return new Response(body.length > 0 ? body : null, { status: response.statusCode ?? 500 });
  };
}

async function connectTo(
  { hostname, port }: URL,
  authorityFingerprint: string,
  signal: AbortSignal | undefined,
): Promise<TLSSocket> {
  const host = hostname.replace(/^\[|\]$/g, "");
  const socket = connect({
    ...{ host, port: Number(port || 443), minVersion: "TLSv1.2" },
    // Its dates may lie in a time that this machine has not come to yet; who it is, is judged here.
    rejectUnauthorized: false,
    ...(isIP(host) === 0 && { servername: host }),
  });
  try {
    await once(socket, "secureConnect", { signal });
    const refusal = refusalOf(socket, { host, authorityFingerprint });
    if (refusal !== undefined) throw new Error(`Cannot trust ${host}: ${refusal}`);
    return socket;
  } catch (error) {
    socket.destroy();
    throw error;
  }
}
