// HTTPS to the provisioner, which is trusted by its authority: a file, a fingerprint, or those of the system.
import { once } from "node:events";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { connect as connectTls } from "node:tls";
import type { Send } from "./api-client.ts";
import type { Connection } from "./command-io.ts";
import { CommandFailure } from "./exit-codes.ts";
import { usualStateDir } from "./serve-command.ts";

export interface ConnectOptions {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly readFile: (path: string) => Promise<string>;
  readonly signal: AbortSignal;
}

/** A list of a hundred thousand machines takes a while. */
const answerWithinMs = 120_000;

export function connect(connection: Connection, { environment, readFile, signal }: ConnectOptions): Send {
  const { server, tokenFile, ca, fingerprint } = connection;
  const url = new URL(server);
  let trust: Promise<string | undefined> | undefined;
  const trusted = () =>
    (trust ??=
      ca !== undefined
        ? readFile(ca)
        : fingerprint === undefined
          ? ownAuthority(url, readFile)
          : pinned(url, fingerprint));
  return async ({ method, path, headers, body }) => {
    const token = tokenFile === undefined ? environment["INGOT_TOKEN"] : await readFile(tokenFile);
    const bearer = token === undefined ? {} : { authorization: `Bearer ${token.trim()}` };
    const length = body === undefined ? {} : { "content-length": String(Buffer.byteLength(body)) };
    try {
      const call = request(new URL(path, url), {
        method,
        headers: { ...headers, ...bearer, ...length },
        ca: await trusted(),
        signal,
        timeout: answerWithinMs,
      });
      call.once("timeout", () => call.destroy(new Error("no answer in time")));
      call.end(body);
      const [response] = (await once(call, "response")) as [IncomingMessage];
      return {
        status: response.statusCode!,
        text: async () => (await response.setEncoding("utf8").toArray()).join(""),
        // A stream may be silent for long.
        lines: () => createInterface({ input: response.setTimeout(0) }),
      };
    } catch (cause) {
      if (cause instanceof CommandFailure) throw cause;
      const why = cause instanceof Error ? cause.message : String(cause);
      throw new CommandFailure("unreachable", `Cannot reach ${url.origin}: ${why}${hint(why)}`, { cause });
    }
  };
}

/** The provisioner of this host leaves its authority in its folder, for those who may read that. */
async function ownAuthority({ hostname }: URL, readFile: (path: string) => Promise<string>) {
  if (!["127.0.0.1", "localhost", "[::1]"].includes(hostname)) return undefined;
  return readFile(join(usualStateDir, "ca.pem")).catch(() => undefined);
}

const hint = (why: string) =>
  /certificate|self.signed/i.test(why) ? "; give --ca or --fingerprint, as `ingot serve` prints it" : "";

/** The authority that the server shows, if it is the one of that fingerprint. Nothing else is said meanwhile. */
async function pinned({ hostname, port }: URL, fingerprint: string): Promise<string> {
  const wanted = fingerprint
    .replace(/^sha256:/, "")
    .replaceAll(":", "")
    .toLowerCase();
  const socket = connectTls({
    host: hostname.replaceAll(/[[\]]/g, ""),
    port: Number(port || 443),
    // Only its certificates are looked at; what is sent goes over a connection that is verified by them.
    rejectUnauthorized: false,
  });
  try {
    await once(socket, "secureConnect");
    for (let one = socket.getPeerX509Certificate(); one; one = one.issuerCertificate) {
      if (one.fingerprint256.replaceAll(":", "").toLowerCase() === wanted) return one.toString();
      if (one.issuerCertificate === one) break;
    }
  } finally {
    socket.destroy();
  }
  throw new CommandFailure("unreachable", `${hostname} does not have the authority sha256:${wanted}`);
}
