// The TFTP server: requests on the well-known port, transfers on ports of their own, or all on one port for firewalls.
import type { Socket } from "node:dgram";
import { once } from "node:events";
import type { Clock } from "../clock.ts";
import { defaultLimits, type Limits, negotiate } from "./options.ts";
import { type Endpoint, plainSocket, startOnOwnPort } from "./own-port.ts";
import { decodeRequest, type ErrorName, encodeError, type Request } from "./packet.ts";
import { type Job, type Outcome, type RunningTransfer, Transfers } from "./transfers.ts";
import { WorkerPool } from "./worker-pool.ts";

/** What a name stands for: bytes in memory, or a reason to refuse. Nothing is ever a path. */
export type Found =
  | { readonly content: Uint8Array<SharedArrayBuffer> }
  | { readonly refuse: "notFound" | "accessViolation"; readonly why: string };

export type TftpEvent =
  | { readonly type: "started"; readonly totalBytes: number }
  | Outcome
  | { readonly type: "refused"; readonly why: string };

export interface TftpOptions {
  /** One socket for each: answers leave by the address that was asked. */
  readonly addresses: readonly string[];
  readonly port: number;
  readonly clock: Clock;
  readonly find: (file: string, client: Endpoint, localAddress: string) => Promise<Found>;
  readonly onEvent: (event: TftpEvent, file: string, client: Endpoint) => void;
  readonly limits?: Limits;
  /** Threads besides this one; 0 runs every transfer here. */
  readonly workers?: number;
  readonly singlePort?: boolean;
  readonly maxTransfers?: number;
  readonly maxTransfersPerClient?: number;
  /** Makes each socket, so that one can look into it; workers make their own. */
  readonly makeSocket?: () => Socket;
}

export interface TftpServer extends AsyncDisposable {
  readonly endpoints: readonly Endpoint[];
  /** Datagrams that were no request of ours, answered by silence. */
  readonly dropped: number;
}

export async function openTftpServer(options: TftpOptions): Promise<TftpServer> {
  const server = new Server(options);
  try {
    await server.listen();
  } catch (cause) {
    await server[Symbol.asyncDispose]();
    throw new Error(`Cannot serve TFTP on ${options.addresses.join(", ")} port ${options.port}`, { cause });
  }
  return server;
}

class Server implements TftpServer {
  readonly #options: TftpOptions;
  readonly #limits: Limits;
  readonly #transfers: Transfers;
  readonly #pool: WorkerPool | undefined;
  readonly #sockets: Socket[] = [];
  /** Requests being answered, by client: a repeated request changes nothing while its transfer runs. */
  readonly #active = new Map<string, RunningTransfer | "elsewhere">();
  readonly #perClient = new Map<string, number>();
  dropped = 0;

  constructor(options: TftpOptions) {
    this.#options = options;
    this.#limits = options.limits ?? defaultLimits;
    this.#transfers = new Transfers(options.clock);
    const workers = options.singlePort ? 0 : (options.workers ?? 0);
    this.#pool = workers > 0 ? new WorkerPool(workers) : undefined;
  }

  get endpoints(): readonly Endpoint[] {
    return this.#sockets.map((socket) => socket.address());
  }

  async listen(): Promise<void> {
    for (const address of this.#options.addresses) {
      const socket = (this.#options.makeSocket ?? plainSocket)();
      this.#sockets.push(socket);
      socket.on("message", (packet, { address: from, port }) => {
        this.#receive(socket, address, packet, { address: from, port });
      });
      socket.bind({ address, port: this.#options.port });
      await once(socket, "listening");
      // An ICMP error for a client that went away is not this socket's end.
      socket.on("error", () => this.dropped++);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#transfers[Symbol.dispose]();
    await this.#pool?.[Symbol.asyncDispose]();
    for (const socket of this.#sockets.splice(0)) socket.close();
  }

  #receive(socket: Socket, localAddress: string, packet: Buffer, client: Endpoint): void {
    const key = `${client.address}:${client.port}`;
    const active = this.#active.get(key);
    if (active && active !== "elsewhere") return active.receive(packet);
    if (active) return undefined;
    const request = decodeRequest(packet);
    if (!request) {
      this.dropped++;
      return undefined;
    }
    this.#active.set(key, "elsewhere");
    this.#count(client, 1);
    const release = () => {
      this.#active.delete(key);
      this.#count(client, -1);
    };
    this.#answer(socket, localAddress, request, client, release).catch((error: unknown) => {
      release();
      this.#refuse(
        socket,
        request,
        client,
        "undefined",
        error instanceof Error ? error.message : String(error),
      );
    });
    return undefined;
  }

  async #answer(
    socket: Socket,
    localAddress: string,
    request: Request,
    client: Endpoint,
    release: () => void,
  ): Promise<void> {
    const refuse = (code: ErrorName, why: string) => {
      release();
      this.#refuse(socket, request, client, code, why);
    };
    const refusal = refusalOf(request);
    if (refusal) return refuse(...refusal);
    if (this.#overload(client)) return refuse("undefined", "too many transfers, try again");

    const found = await this.#options.find(request.file, client, localAddress);
    if ("refuse" in found) return refuse(found.refuse, found.why);

    const { content } = found;
    const agreement = negotiate(request.options, content.length, this.#limits);
    const emit = (event: TftpEvent) => this.#options.onEvent(event, request.file, client);
    const onOutcome = (outcome: Outcome) => {
      if (outcome.type !== "progress") release();
      emit(outcome);
    };
    emit({ type: "started", totalBytes: content.length });
    if (this.#options.singlePort) this.#startHere(socket, { content, agreement }, client, onOutcome);
    else if (this.#pool) this.#pool.start({ content, agreement, client, localAddress }, onOutcome);
    else {
      const job = { content, agreement, client, localAddress };
      startOnOwnPort(this.#transfers, job, onOutcome, this.#options.makeSocket);
    }
    return undefined;
  }

  #startHere(socket: Socket, job: Job, client: Endpoint, onOutcome: (outcome: Outcome) => void): void {
    const send = (packets: Buffer, packetBytes: number) => {
      for (let at = 0; at < packets.length; at += packetBytes) {
        const length = Math.min(packetBytes, packets.length - at);
        socket.send(packets, at, length, client.port, client.address);
      }
    };
    const transfer = this.#transfers.start(job, { send, close: () => {} }, onOutcome);
    this.#active.set(`${client.address}:${client.port}`, transfer);
  }

  #refuse(socket: Socket, { file }: Request, client: Endpoint, code: ErrorName, why: string): void {
    socket.send(encodeError(code, why), client.port, client.address);
    this.#options.onEvent({ type: "refused", why }, file, client);
  }

  #overload({ address }: Endpoint): boolean {
    const { maxTransfers = 2000, maxTransfersPerClient = 16 } = this.#options;
    return this.#active.size > maxTransfers || (this.#perClient.get(address) ?? 0) > maxTransfersPerClient;
  }

  #count({ address }: Endpoint, by: 1 | -1): void {
    const count = (this.#perClient.get(address) ?? 0) + by;
    if (count > 0) this.#perClient.set(address, count);
    else this.#perClient.delete(address);
  }
}

function refusalOf({ type, mode }: Request): [ErrorName, string] | undefined {
  if (type === "write") return ["accessViolation", "this server is read-only"];
  if (mode === "octet") return undefined;
  // netascii would change the bytes of a boot file; mail was abolished with RFC 1350.
  return [
    "illegalOperation",
    `mode ${/^[a-z]{1,10}$/.test(mode) ? mode : "unknown"} is not served, use octet`,
  ];
}
