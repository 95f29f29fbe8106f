// A provisioner played by a real gRPC server with mTLS, which can be killed, restarted and made to lie. For tests.
import { createHash, X509Certificate } from "node:crypto";
import { once } from "node:events";
import {
  type AnnounceRequest,
  type BootReport,
  BootService,
  type PlanRequest,
} from "../api/gen/ingot/boot/v1/boot_pb.js";
import { GrpcError } from "../api/grpc/error.ts";
import { serve } from "../api/grpc/serve.ts";
import { type OpenServer, openServer } from "../api/grpc/server.ts";
import { ServerTlsCredentials } from "../api/grpc/server-tls.ts";

/** What it serves as `vmlinuz`. */
export const kernelBytes = Buffer.from(Uint8Array.from({ length: 900_000 }, (_, at) => (at * 7) & 255));
export const digestOf = (bytes: Uint8Array) => createHash("sha256").update(bytes).digest();
const chunkBytes = 64_000;

type PlanAnswer = { plan: object } | GrpcError;

interface Trust {
  readonly identity: { readonly certificate: string; readonly key: string };
  /** Who signed the certificates of pxe-servers (PEM). */
  readonly clientAuthorities: string;
}

/** What it knows, and what it was told. */
export class ScriptedProvisioner implements AsyncDisposable {
  readonly #trust: Trust;
  readonly asked: PlanRequest[] = [];
  readonly reports: BootReport[] = [];
  readonly announced: AnnounceRequest[] = [];
  readonly offsets: number[] = [];
  readonly peers = new Set<string>();
  answer: PlanAnswer = { plan: { why: "installed", do: { case: "disk", value: { method: 2 } } } };
  assets = new Map<string, Uint8Array>([["vmlinuz", kernelBytes]]);
  /** A transfer ends with a dead server after so many chunks, once. */
  killAfterChunks: number | undefined;
  refuseReports = 0;
  readonly unexpected: unknown[] = [];
  /** Sent instead of what was asked for. */
  lie: Uint8Array | undefined;
  #server: OpenServer | undefined;
  port = 0;

  constructor(trust: Trust) {
    this.#trust = trust;
  }

  async start(): Promise<void> {
    this.#server = await openServer({
      address: `127.0.0.1:${this.port}`,
      credentials: new ServerTlsCredentials({
        ...this.#trust,
        clients: "required",
      }),
      services: [this.#service()],
      unexpected: (error) => this.unexpected.push(error),
      graceMs: 0,
    });
    this.port = this.#server.port;
  }

  async kill(): Promise<void> {
    await this.#server?.[Symbol.asyncDispose]();
    this.#server = undefined;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #service() {
    return serve(BootService, {
      plan: async (request, { peer }) => {
        this.peers.add(new X509Certificate(peer.certificate!).subject);
        this.asked.push(request);
        if (this.answer instanceof GrpcError) throw this.answer;
        return this.answer;
      },
      report: async ({ reports }) => {
        // Heard, but the answer is lost: they come again.
        this.reports.push(...reports);
        if (this.refuseReports-- > 0) throw new GrpcError("unavailable", "the answer is lost");
        return {};
      },
      announce: async (request) => {
        this.announced.push(request);
        return { againAfter: { seconds: 3600n } };
      },
      watchAssets: (_, { signal }) => this.#watchAssets(signal),
      fetchAsset: ({ sha256, offsetBytes }) => this.#fetchAsset(sha256, Number(offsetBytes)),
    });
  }

  async *#watchAssets(signal: AbortSignal) {
    yield {
      assets: [...this.assets].map(([name, bytes]) => ({
        name,
        sizeBytes: BigInt(bytes.length),
        sha256: digestOf(bytes),
      })),
    };
    await once(signal, "abort");
  }

  async *#fetchAsset(sha256: Uint8Array, offset: number) {
    this.offsets.push(offset);
    const known = [...this.assets.values()].find((bytes) => digestOf(bytes).equals(sha256));
    if (!known) throw new GrpcError("notFound", "no such asset");
    const bytes = this.lie ?? known;
    let chunks = 0;
    for (let at = offset; at < bytes.length; at += chunkBytes) {
      if (this.killAfterChunks === chunks++) {
        this.killAfterChunks = undefined;
        void this.kill().then(() => this.start());
        throw new GrpcError("unavailable", "killed");
      }
      yield { chunk: bytes.subarray(at, at + chunkBytes) };
    }
  }
}
