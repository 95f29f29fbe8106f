// HTTP boot: scripts, loaders for UEFI HTTP Boot, kernels and initramfs. Plain node:http: the routes are five, and a
// piece of a kernel must go to the socket without a copy, under our own pacing and turns.
import { once } from "node:events";
import {
  createServer,
  type IncomingMessage,
  type Server as NodeServer,
  type ServerResponse,
} from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";
import type { Asset, Booter, BootPlan } from "../booter.ts";
import type { Boot, Boots } from "../boots.ts";
import type { Clock } from "../clock.ts";
import { entryScript, holdScript, planScript } from "../ipxe-script.ts";
import { macOf } from "../mac.ts";
import { clientOf } from "./identity.ts";
import { sendAsset } from "./send-asset.ts";
import { Turns } from "./turns.ts";

export interface HttpOptions {
  readonly addresses: readonly string[];
  readonly port: number;
  readonly tls?:
    | { readonly key: string; readonly cert: string; readonly host?: string | undefined }
    | undefined;
  readonly clock: Clock;
  readonly booter: Booter;
  readonly boots: Boots;
  readonly loader: (file: string) => Asset | undefined;
  /** The boot of a machine that is known by its address alone. */
  readonly bootAt: (address: string) => Promise<Boot | undefined>;
  readonly metrics: () => string;
  readonly onWarning: (text: string) => void;
  /** Pieces of big files on their way at once. */
  readonly maxTurns?: number;
  /** A client that takes nothing for so long has lost its network: what waits for it is given up. */
  readonly stalledMs?: number;
  readonly signal: AbortSignal;
}

export interface HttpServer extends AsyncDisposable {
  readonly endpoints: readonly { readonly address: string; readonly port: number }[];
}

/** Firmware reuses a connection for HEAD and GET; a person at a shell takes longer. */
const keepAliveMs = 30_000;
/** Longer than a switch port is silent after its link was reset. */
const usualStalledMs = 120_000;
const maxConnections = 4096;
const retryAfterFailureS = 30;
const progressEveryBytes = 4 << 20;

export async function openHttpServer(options: HttpOptions): Promise<HttpServer> {
  const servers: NodeServer[] = [];
  const turns = new Turns(options.maxTurns ?? 64);
  const dispose = async () => {
    for (const server of servers) {
      server.closeAllConnections();
      server.close();
    }
  };
  try {
    for (const address of options.addresses) {
      const server = options.tls ? createTlsServer(options.tls) : createServer();
      servers.push(server);
      server.keepAliveTimeout = keepAliveMs;
      server.maxConnections = maxConnections;
      server.timeout = options.stalledMs ?? usualStalledMs;
      server.on("request", (request, response) => {
        serve(request, response, options, turns).catch((error: unknown) => {
          options.onWarning(`HTTP: ${reasonOf(error)}`);
          if (!response.headersSent) refuse(response, 500, "this server failed to answer");
          response.destroy(error instanceof Error ? error : undefined);
        });
      });
      server.listen(options.port, address);
      await once(server, "listening");
    }
  } catch (cause) {
    await dispose();
    throw new Error(`Cannot serve HTTP on ${options.addresses.join(", ")} port ${options.port}`, { cause });
  }
  return {
    endpoints: servers.map((server) => server.address() as AddressInfo),
    [Symbol.asyncDispose]: dispose,
  };
}

/** Where a machine finds things, on whichever of our addresses it asked. The paths stand only here. */
export const urls = (origin: string) => ({
  entry: (mac: string) => `${origin}/start/${mac.replaceAll(":", "-")}.ipxe`,
  boot: `${origin}/boot.ipxe`,
  loader: (file: string) => `${origin}/loaders/${file}`,
  asset: (bootId: string, name: string) => `${origin}/boots/${bootId}/${name}`,
});

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly url: URL;
  readonly origin: string;
}

async function serve(
  request: IncomingMessage,
  response: ServerResponse,
  options: HttpOptions,
  turns: Turns,
): Promise<void> {
  if (request.method !== "GET" && request.method !== "HEAD")
    return refuse(response, 405, "only GET and HEAD");
  const { localAddress, localPort } = request.socket;
  // Never from the Host header: a script made of a stranger's text would send the machine anywhere.
  const { tls } = options;
  const origin = `${tls ? "https" : "http"}://${tls?.host ?? localAddress}:${localPort}`;
  const path = request.url ?? "/";
  if (!path.startsWith("/") || !URL.canParse(origin + path)) return refuse(response, 400, "not an address");
  const exchange = { request, response, url: new URL(origin + path), origin };
  const [, first = "", second = "", third = "", ...more] = exchange.url.pathname.split("/");
  if (more.length > 0) return refuse(response, 404, "no such file");

  if (first === "start" && third === "")
    return serveEntry(exchange, macOf(second.replace(/\.ipxe$/, "")), options);
  if (first === "boot.ipxe" && second === "") return serveScript(exchange, options);
  if (first === "loaders" && third === "") return serveLoader(exchange, second, options, turns);
  if (first === "boots") return serveAsset(exchange, { bootId: second, name: third }, options, turns);
  if (first === "metrics" && second === "")
    return text(exchange, options.metrics(), "text/plain; version=0.0.4");
  return refuse(response, 404, "no such file");
}

async function serveEntry(exchange: Exchange, mac: string | undefined, options: HttpOptions): Promise<void> {
  const { response, origin } = exchange;
  if (!mac) return refuse(response, 404, "no such file");
  const boot = options.boots.resume({ mac });
  const admission = await options.boots.admit(boot, "loader");
  if (!admission.admitted) return refuse(response, 403, admission.why);
  if (leavesBy404(admission.plan)) {
    options.boots.report(boot, { step: "scripted", plan: "disk", why: admission.plan.why });
    return refuse(response, 404, admission.plan.why);
  }
  return script(exchange, entryScript({ bootUrl: urls(origin).boot }));
}

const leavesBy404 = (plan: BootPlan) => plan.do === "disk" && plan.method === "http-404";

async function serveScript(exchange: Exchange, { boots }: HttpOptions): Promise<void> {
  const { request, response, url, origin } = exchange;
  const client = clientOf(url.searchParams);
  if (!client) return refuse(response, 400, "the address has no mac");
  const boot = boots.resume(client);
  if (request.socket.remoteAddress) boots.locate(boot, request.socket.remoteAddress);
  const admission = await boots.admit(boot, "script");
  if (!admission.admitted) return refuse(response, 403, admission.why);
  const { plan } = admission;
  if (leavesBy404(plan)) return refuse(response, 404, plan.why);
  const { asset, boot: bootUrl } = urls(origin);
  let content: string;
  try {
    content = planScript(plan, { bootId: boot.id, bootUrl, urlOf: (name) => asset(boot.id, name) });
  } catch (error) {
    // A provisioner may plan what a script cannot say: whoever stands before the machine shall read why.
    const why = reasonOf(error);
    boots.report(boot, { step: "failed", over: "http", file: "boot.ipxe", why });
    return script(exchange, holdScript(why, { bootUrl, retryAfterS: retryAfterFailureS }));
  }
  boots.report(boot, { step: "scripted", plan: plan.do, why: plan.why });
  return script(exchange, content);
}

async function serveLoader(
  exchange: Exchange,
  file: string,
  options: HttpOptions,
  turns: Turns,
): Promise<void> {
  const { request, response } = exchange;
  const asset = options.loader(file);
  if (!asset) return refuse(response, 404, "no such file");
  const boot = await options.bootAt(request.socket.remoteAddress ?? "");
  const admission = boot && (await options.boots.admit(boot, "loader"));
  if (admission && !admission.admitted) return refuse(response, 403, admission.why);
  return send(exchange, { boot, file, asset, pace: undefined }, options, turns);
}

async function serveAsset(
  exchange: Exchange,
  { bootId, name }: { bootId: string; name: string },
  options: HttpOptions,
  turns: Turns,
): Promise<void> {
  const boot = options.boots.withId(bootId);
  if (!boot) return refuse(exchange.response, 404, "no such boot");
  const admission = await options.boots.admit(boot, "loader");
  if (!admission.admitted) return refuse(exchange.response, 403, admission.why);
  const { plan } = admission;
  if (plan.do !== "kernel" || ![plan.kernel, ...plan.initrds].includes(name)) {
    return refuse(exchange.response, 404, "not a file of this boot");
  }
  let asset: Asset | undefined;
  try {
    asset = await options.booter.asset(name, options.signal);
  } catch (error) {
    const why = reasonOf(error);
    options.boots.report(boot, { step: "failed", over: "http", file: name, why });
    return refuse(exchange.response, 503, why);
  }
  if (!asset) return refuse(exchange.response, 404, "no such file");
  return send(exchange, { boot, file: name, asset, pace: plan.paceBytesPerSecond }, options, turns);
}

interface Sending {
  readonly boot: Boot | undefined;
  readonly file: string;
  readonly asset: Asset;
  readonly pace: number | undefined;
}

async function send(
  { request, response }: Exchange,
  { boot, file, asset, pace }: Sending,
  { boots, clock }: HttpOptions,
  turns: Turns,
): Promise<void> {
  const totalBytes = asset.bytes.length;
  let reportedBytes = 0;
  const report = (step: "downloading" | "downloaded", sentBytes: number) => {
    if (boot && request.method === "GET") {
      boots.report(boot, { step, over: "http", file, sentBytes, totalBytes });
    }
  };
  report("downloading", 0);
  const whole = await sendAsset(request, response, asset, {
    contentType: "application/octet-stream",
    turns,
    clock,
    paceBytesPerSecond: pace,
    onProgress: (sentBytes) => {
      if (sentBytes - reportedBytes < progressEveryBytes || sentBytes === totalBytes) return;
      reportedBytes = sentBytes;
      report("downloading", sentBytes);
    },
  });
  if (whole) report("downloaded", totalBytes);
  else if (boot) boots.report(boot, { step: "failed", over: "http", file, why: "the client went away" });
}

const reasonOf = (error: unknown) => (error instanceof Error ? error.message : String(error));

const script = (exchange: Exchange, content: string) =>
  text(exchange, content, "text/plain; charset=us-ascii");

function text({ request, response }: Exchange, content: string, contentType: string): void {
  const bytes = Buffer.from(content);
  response.writeHead(200, {
    "content-type": contentType,
    "content-length": bytes.length,
    "cache-control": "no-store",
  });
  response.end(request.method === "HEAD" ? undefined : bytes);
}

function refuse(response: ServerResponse, status: number, why: string): void {
  const bytes = Buffer.from(`${why}\n`);
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "content-length": bytes.length });
  response.end(response.req.method === "HEAD" ? undefined : bytes);
}
