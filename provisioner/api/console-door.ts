// A machine's serial console over a WebSocket: bytes both ways, until one side ends.
import type { IncomingMessage } from "node:http";
import type { Duplex } from "node:stream";
import { type Absent, type ConsoleStream, isAbsent } from "../../bmc/bmc.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { acceptOf, WebSocketBytes } from "../web-socket.ts";
import { Problem } from "./problem.ts";
import type { Reader } from "./reader.ts";
import { root } from "./resource-routes.ts";
import type { Route } from "./route.ts";
import { type Bearer, mayAct } from "./tokens.ts";

export type OpenConsole = (
  machine: string,
  bmc: SpecOf<typeof BmcConfig>,
  options: { readonly takeOver: boolean },
) => Promise<(ConsoleStream & AsyncDisposable) | Absent>;

export interface ConsoleDoorOptions {
  readonly state: State;
  readonly reader: Reader;
  readonly openConsole: OpenConsole;
}

const path = /^\/api\/v1\/machines\/([A-Za-z0-9][A-Za-z0-9._:-]{0,252})\/console$/;

/** The machine of a request for a console. */
export const consoleOf = (url: URL): string | undefined => path.exec(url.pathname)?.[1];

const noWebSocket = () => new Problem(400, "a console is a WebSocket of version 13");

/** What the documentation says of it, and what those hear who do not upgrade. */
export const consoleRoute: Route = {
  method: "GET",
  path: `${root}/machines/{id}/console`,
  role: "operator",
  operation: "machines.console",
  about: "Its serial console, over its BMC: bytes both ways, as a WebSocket.",
  query: { takeOver: "`true`: from another session that has it, and may be long gone" },
  handle: () => Promise.reject(noWebSocket()),
};

/** All that can be refused is, before anything is opened. */
export async function openDoor(
  { state, reader, openConsole }: ConsoleDoorOptions,
  machine: string,
  who: Bearer,
  { headers }: IncomingMessage,
  { takeOver }: { readonly takeOver: boolean },
): Promise<ConsoleStream> {
  if (!mayAct(who, "operator"))
    throw new Problem(403, `this needs the role operator, and the token has ${who.role}`);
  if (headers["sec-websocket-version"] !== "13" || headers["sec-websocket-key"] === undefined) {
    throw noWebSocket();
  }
  await reader.machine(who, machine);
  const config = await state.find(BmcConfig, machine);
  if (!config) throw new Problem(409, "there is no account to its BMC");
  const stream = await openConsole(machine, config.spec, { takeOver }).catch((cause: unknown) => {
    throw new Problem(503, `its BMC: ${cause instanceof Error ? cause.message : String(cause)}`, { cause });
  });
  if (isAbsent(stream)) throw new Problem(409, stream.absent);
  return stream;
}

/** Answers the handshake and carries bytes until one side ends. */
export async function carry(
  stream: ConsoleStream,
  { headers }: IncomingMessage,
  socket: Duplex,
  head: Uint8Array,
  signal: AbortSignal,
): Promise<void> {
  socket.write(
    [
      "HTTP/1.1 101 Switching Protocols",
      "upgrade: websocket",
      "connection: upgrade",
      `sec-websocket-accept: ${acceptOf(headers["sec-websocket-key"]!)}`,
      "\r\n",
    ].join("\r\n"),
  );
  await using console = stream;
  await using peer = new WebSocketBytes(socket, { side: "server", head });
  const ended = new Promise<void>((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true }),
  );
  const shown = (async () => {
    for await (const bytes of console.output) await peer.send(bytes);
  })();
  const typed = (async () => {
    for await (const bytes of peer) await console.write(bytes);
  })();
  // Either may fail when the other has ended.
  await Promise.race([ended, shown.catch(() => {}), typed.catch(() => {})]);
}
