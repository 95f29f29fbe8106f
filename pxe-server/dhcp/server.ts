// The DHCP server of one network interface: ports 67 and 4011, thin around the pure decisions.
import type { Socket } from "node:dgram";
import { decode } from "../../wire/codec.ts";
import { encodeToFit } from "../../wire/dhcp/encode-to-fit.ts";
import { type Packet, packet } from "../../wire/dhcp/packet.ts";
import { WireError } from "../../wire/error.ts";
import type { Boot, Boots } from "../boots.ts";
import type { Clock } from "../clock.ts";
import { type NextStage, nextStage } from "../firmware.ts";
import { type Asker, askerOf } from "./asker.ts";
import { type BootFields, type BootServer, offeredBoot, servedBoot } from "./boot-fields.ts";
import type { ConflictProbe } from "./conflict-probe.ts";
import { type Destination, destinationOf } from "./destination.ts";
import type { LeaseJournal } from "./lease-journal.ts";
import { type LeaseChange, Leases } from "./leases.ts";
import { type DhcpMode, type Network, reservationFor } from "./network.ts";
import {
  type Authority,
  type Context,
  type Decision,
  decide,
  decideBootServer,
  declinedMs,
} from "./reply.ts";
import { addressNumber, contains } from "./subnet.ts";
import type { TacticBook } from "./tactics.ts";

export interface DhcpOptions {
  readonly device: string;
  /** Ours on that interface: server identifier, and where loaders and scripts are. */
  readonly address: string;
  readonly mode: DhcpMode;
  readonly boots: Boots;
  readonly tactics: TacticBook;
  /** Where this machine finds its script and its loader by HTTP. */
  readonly bootServer: (mac: string) => BootServer;
  /** Undefined forgets leases at the end of the process. */
  readonly journal?:
    | {
        readonly journal: LeaseJournal;
        readonly changes: readonly LeaseChange[];
        /** Of every server that writes to this journal. */
        readonly everyLease: () => readonly LeaseChange[];
      }
    | undefined;
  /** Undefined trusts that nobody uses addresses of our pools without asking. */
  readonly probe?: ConflictProbe | undefined;
  readonly clock: Clock;
  readonly openSocket: (device: string, port: number) => Promise<Socket>;
  readonly onWarning: (text: string) => void;
}

export interface DhcpCounters {
  received: number;
  replied: number;
  /** Not DHCP at all, or from nobody. */
  dropped: number;
  /** Answered by silence, for a reason. */
  silent: number;
}

export interface DhcpServer extends AsyncDisposable {
  readonly counters: Readonly<DhcpCounters>;
  readonly poolAddresses: number;
  /** What must be remembered over a restart. */
  leases(): readonly LeaseChange[];
}

const dhcpPort = 67;
const bootServerPort = 4011;
/** Questions under way at once; what comes on top is lost, and firmware asks again. */
const maxPending = 4096;
/** Strangers met in a row before a machine is left to ask again. */
const maxConflicts = 8;
const unset = "0.0.0.0";
/** IP and UDP headers. RFC 2131 §2: every client takes 576; none may ask for more than our link carries. */
const headerBytes = 28;
const leastMessageBytes = 576;
const mostMessageBytes = 1500;

export async function openDhcpServer(options: DhcpOptions): Promise<DhcpServer> {
  const server = new Server(options);
  try {
    await server.listen();
  } catch (cause) {
    await server[Symbol.asyncDispose]();
    throw new Error(`Cannot serve DHCP on ${options.device}`, { cause });
  }
  return server;
}

type Port = "dhcp" | "bootserver";

class Server implements DhcpServer {
  readonly #options: DhcpOptions;
  readonly #networks: readonly { readonly network: Network; readonly leases: Leases }[];
  readonly #sockets: Socket[] = [];
  readonly #warned = new Set<string>();
  readonly counters: DhcpCounters = { received: 0, replied: 0, dropped: 0, silent: 0 };
  #pending = 0;

  constructor(options: DhcpOptions) {
    this.#options = options;
    const { mode, clock } = options;
    const subnets = mode.mode === "full" || mode.mode === "reservations" ? mode.subnets : [];
    this.#networks = subnets.map((network) => {
      const range = mode.mode === "full" ? network.range : undefined;
      const reserved = [...network.reservations.map(({ address }) => addressNumber(address))];
      if (contains(network.prefix, addressNumber(options.address)))
        reserved.push(addressNumber(options.address));
      return { network, leases: new Leases(range ?? { from: 1, to: 0 }, { clock, reserved }) };
    });
    for (const change of options.journal?.changes ?? []) this.#apply(change);
  }

  async listen(): Promise<void> {
    const { mode, device, openSocket } = this.#options;
    const ports: readonly (readonly [Port, number])[] = [
      ...(mode.mode === "bootserver" ? [] : ([["dhcp", dhcpPort]] as const)),
      ...(mode.mode === "reservations" ? [] : ([["bootserver", bootServerPort]] as const)),
    ];
    for (const [port, number] of ports) {
      const socket = await openSocket(device, number);
      this.#sockets.push(socket);
      socket.on("message", (bytes, from) => this.#receive(socket, port, bytes, from));
      // Such as the ICMP answer of a client that has gone.
      socket.on("error", (error) => this.#warnOnce(`DHCP socket on ${device}: ${error.message}`));
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets.splice(0)) socket.close();
    for (const { leases } of this.#networks) leases[Symbol.dispose]();
  }

  #receive(socket: Socket, port: Port, bytes: Buffer, from: Destination): void {
    this.counters.received++;
    const request = this.#decode(bytes);
    const asker = request && askerOf(request);
    if (!asker || this.#pending >= maxPending) {
      this.counters.dropped++;
      return;
    }
    this.#pending++;
    this.#answer(socket, port, request, asker, from)
      .catch((error: unknown) => {
        this.#warnOnce(
          `DHCP on ${this.#options.device}: ${error instanceof Error ? error.message : String(error)}`,
        );
      })
      .finally(() => this.#pending--);
    if (asker.wants && !asker.firmware.isIpxe && !asker.firmware.architecture) {
      const codes = request.options.clientArchitectures?.join(" ") ?? "none";
      this.#warnOnce(`unknown client architecture ${codes}, please report: ${bytes.toString("hex")}`, codes);
    }
  }

  async #answer(socket: Socket, port: Port, request: Packet, asker: Asker, from: Destination): Promise<void> {
    const { address, clock } = this.#options;
    const authority = port === "dhcp" ? this.#authority(request, asker) : undefined;
    if (port === "dhcp" && this.#networks.length > 0 && !authority) {
      this.counters.silent++;
      return;
    }
    const asked = asker.wants ? await this.#boot(request, asker, port) : undefined;
    const context = { asker, serverAddress: address, nowMs: clock.now(), authority, boot: asked?.fields };
    const isKnown = authority?.leases.of(asker.client.mac) !== undefined;
    let decision = port === "dhcp" ? decide(request, context) : decideBootServer(request, context);
    if (!isKnown) decision = await this.#withoutConflict(request, context, decision);

    await this.#commit(decision.changes ?? []);
    if (asked) this.#reportSteps(asked, decision);
    if (!decision.reply) {
      this.counters.silent++;
      return;
    }
    const to = port === "dhcp" ? destinationOf(decision.reply) : backTo(from);
    socket.send(encodeToFit(decision.reply, roomFor(request)), to.port, to.address);
    this.counters.replied++;
  }

  /**
   * RFC 2131 §2.2: an address is looked for on the wire before it is offered. A relay's clients are out of reach, and
   * a reservation is for whoever has it, whatever the wire says.
   */
  async #withoutConflict(request: Packet, context: Context, first: Decision): Promise<Decision> {
    const { probe, clock, onWarning } = this.#options;
    const isInReach = request.options.messageType === "discover" && request.relayAddress === unset;
    if (!probe || !isInReach || !context.authority || context.authority.reservation) return first;
    let decision = first;
    for (let conflicts = 0; conflicts < maxConflicts; conflicts++) {
      const offered = decision.reply?.yourAddress ?? unset;
      if (offered === unset) return decision;
      const holder = await probe.holder(offered, context.asker.client.mac);
      if (!holder) return decision;
      onWarning(`${offered} is not offered: ${holder} uses it without a lease`);
      const untilMs = clock.now() + declinedMs;
      await this.#commit([{ type: "declined", address: addressNumber(offered), untilMs }]);
      decision = decide(request, context);
    }
    return { why: "every address that was tried is in use" };
  }

  /** Resolves when the changes would survive us. */
  async #commit(changes: readonly LeaseChange[]): Promise<void> {
    for (const change of changes) this.#apply(change);
    const { journal } = this.#options;
    if (journal) await Promise.all(changes.map((change) => journal.journal.append(change)));
  }

  get poolAddresses(): number {
    const sizes = this.#networks.map(({ network: { range } }) => (range ? range.to - range.from + 1 : 0));
    return sizes.reduce((sum, size) => sum + size, 0);
  }

  leases(): readonly LeaseChange[] {
    return this.#networks.flatMap(({ leases }) => [...leases.snapshot()]);
  }

  #decode(bytes: Uint8Array): Packet | undefined {
    try {
      return decode(packet, bytes);
    } catch (error) {
      if (error instanceof WireError) return undefined;
      throw error;
    }
  }

  #authority(request: Packet, { client }: Asker): Authority | undefined {
    const at = addressNumber(request.relayAddress === unset ? this.#options.address : request.relayAddress);
    const found = this.#networks.find(({ network }) => contains(network.prefix, at));
    // A serial is not in DHCP, but an earlier boot of this machine may have told it.
    const known =
      found && found.network.reservations.length > 0 ? this.#options.boots.of(client.mac) : undefined;
    return found && { ...found, reservation: reservationFor(found.network, { ...known?.client, ...client }) };
  }

  /** Asks the gate, and makes the boot part of the reply. */
  async #boot(request: Packet, asker: Asker, port: Port): Promise<Asked | undefined> {
    const { boots, tactics, bootServer, mode } = this.#options;
    const { messageType } = request.options;
    const { client, firmware, wants, vendorClass } = asker;
    if (!wants || (messageType !== "discover" && messageType !== "request" && messageType !== "inform"))
      return undefined;
    const begins = messageType === "discover";
    const boot = begins ? boots.begin(client, firmware.isIpxe ? "ipxe" : "firmware") : boots.resume(client);
    if (begins || port === "bootserver") {
      const name = firmware.isIpxe ? "iPXE" : (firmware.architecture ?? "unknown");
      boots.report(boot, { step: "asked", protocol: port, firmware: name });
    }
    const admission = await boots.admit(boot, "firmware");
    if (!admission.admitted) return { boot, fields: undefined, tactic: "none" };
    const stage = nextStage(firmware, admission.plan.loader);
    if (stage.load === "nothing") this.#warnOnce(`cannot boot ${client.mac}: ${stage.why}`);
    const server = bootServer(client.mac);
    if (port === "bootserver") {
      this.#learn(client.mac);
      return { boot, fields: servedBoot(stage, server), tactic: "boot server" };
    }
    const tactic =
      mode.mode === "proxy" && begins && needsTactic(stage) ? tactics.next(client.mac, vendorClass) : "offer";
    return { boot, fields: offeredBoot(stage, tactic, server, wants), tactic };
  }

  #learn(mac: string): void {
    const news = this.#options.tactics.advanced(mac);
    if (news) this.#options.onWarning(`proxy tactic "${news.tactic}" works for ${news.vendor}`);
  }

  #reportSteps({ boot, fields, tactic }: Asked, { leased, reply }: Decision): void {
    const { boots } = this.#options;
    if (leased) {
      boots.locate(boot, leased);
      boots.report(boot, { step: "leased", address: leased });
    }
    if (fields && reply)
      boots.report(boot, { step: "offered", file: fields.options.bootFileName ?? "", tactic });
  }

  #apply(change: LeaseChange): void {
    this.#networks.find(({ network }) => contains(network.prefix, change.address))?.leases.apply(change);
    const { journal } = this.#options;
    const size = this.#networks.reduce((sum, { leases }) => sum + leases.size, 0);
    if (journal && journal.journal.lines > 10_000 + 4 * size) {
      journal.journal.compact(journal.everyLease()).catch((error: unknown) => this.#warnOnce(String(error)));
    }
  }

  #warnOnce(text: string, key = text): void {
    if (this.#warned.size > 1000 || this.#warned.has(key)) return;
    this.#warned.add(key);
    this.#options.onWarning(text);
  }
}

interface Asked {
  readonly boot: Boot;
  readonly fields: BootFields | undefined;
  readonly tactic: string;
}

const needsTactic = (stage: NextStage) => stage.load === "loader" && stage.over === "tftp";

const backTo = ({ address, port }: Destination): Destination =>
  address === unset ? { address: "255.255.255.255", port } : { address, port };

const roomFor = ({ options }: Packet) =>
  Math.min(Math.max(options.maximumMessageSize ?? 0, leastMessageBytes), mostMessageBytes) - headerBytes;
