// A machine in agent mode: it dials the provisioner, and dials again for ever. What it was ordered goes on meanwhile.
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { AgentService } from "../../api/gen/ingot/agent/v1/agent_pb.js";
import { openChannel } from "../../api/grpc/channel.ts";
import { client } from "../../api/grpc/client.ts";
import { type Clock, sleep } from "../../cosi/clock.ts";
import { type BackOff, backOffMs } from "../../cosi/engine/back-off.ts";
import { createKeyPair, type KeyPair } from "../../pki/key-pair.ts";
import { renewalTime } from "../../pki/renewal.ts";
import type { AgentArguments } from "./agent-arguments.ts";
import { addressOf, enrol, type Identity, type Membership, memberTls, renew } from "./enrol.ts";
import type { InventorySource } from "./inventory-source.ts";
import type { LogSource } from "./log-stream.ts";
import { obstacleOf } from "./obstacle.ts";
import { OrderBook } from "./order-book.ts";
import { type Executors, OrderRunner } from "./order-runner.ts";
import { Outbox } from "./outbox.ts";
import { closed, type Effect, type Ending, expiresMs, greet, hear, type Step, tick } from "./session.ts";
import { SessionAttendants } from "./session-attendants.ts";

export interface AgentOptions {
  readonly arguments: AgentArguments;
  readonly version: string;
  readonly kernelBootId: string;
  readonly clock: Clock;
  readonly random: () => number;
  readonly identity: () => Promise<Identity>;
  /** Resolves when this machine has one; nobody is called before. */
  readonly address?: Promise<void>;
  /** Called whenever the provisioner has taken a hello. */
  readonly greeted?: () => void;
  readonly uptimeMs: () => number;
  readonly residentBytes: () => number;
  readonly setClock: (time: Date) => void;
  readonly executors: Executors;
  readonly inventory: InventorySource;
  readonly logs: LogSource;
  /** What somebody in front of the machine has to know. */
  readonly said: (level: "info" | "warn", text: string) => void;
  /** What is worth knowing beside it: what the machine waits for stays. */
  readonly noted?: (level: "info" | "warn", text: string) => void;
}

const dialling: BackOff = { firstMs: 500, longestMs: 30_000 };
/** A refusal does not change by itself within seconds. */
const lastingMs = 60_000;
/** What a session began may take this long to end. */
const lingerMs = 2_000;
/** Below this a clock is good enough for certificates, and is left to NTP. */
const tolerableSkewMs = 30_000;

export class Agent {
  readonly #options: AgentOptions;
  readonly #book: OrderBook;
  readonly #runner: OrderRunner;
  /**
   * The key of the token's one exchange: an answer that was lost is asked for with the same request. Made while the
   * address is on its way.
   */
  readonly #firstKey: Promise<KeyPair> = createKeyPair("ed25519");
  #membership: Membership | undefined;
  #outbox = new Outbox();
  #lastSaid = "";

  constructor(options: AgentOptions) {
    const { clock, kernelBootId, executors } = options;
    this.#options = options;
    this.#book = new OrderBook({ kernelBootId, now: () => clock.now() });
    this.#runner = new OrderRunner({
      book: this.#book,
      executors,
      clock,
      reported: (report) => this.#outbox.report(report),
    });
  }

  /** Resolves when the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random, address } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      let waitMs: number;
      try {
        await address;
        const ending = await this.#attach(await this.#member(signal), signal);
        failures = 0;
        this.#say("warn", `The session with the provisioner is over: ${ending.why}.`);
        waitMs = ending.because === "superseded" ? lastingMs : backOffMs(dialling, 1, random);
      } catch (error) {
        if (signal.aborted) return;
        failures++;
        const { sentence, isLasting } = obstacleOf(error, addressOf(this.#options.arguments));
        this.#say("warn", sentence);
        waitMs = isLasting ? lastingMs : backOffMs(dialling, failures, random);
      }
      await sleep(clock, waitMs, signal).catch(() => undefined);
    }
  }

  /** Something went wrong that no order asked for. */
  fault(what: string): void {
    const at = timestampFromDate(this.#options.clock.now());
    this.#outbox.post({ case: "fault", value: { at, what } });
  }

  /** The certificate that lets this machine attach: the one there is, a newer one where it has grown old. */
  async #member(signal: AbortSignal): Promise<Membership> {
    const { arguments: args, clock, identity } = this.#options;
    const present = this.#membership;
    if (present) {
      const [leaf] = present.chain;
      if (clock.now() < renewalTime(leaf!)) return present;
      // An expired one renews nothing; then the token is all there is, and the provisioner decides what it is worth.
      if (clock.now() < leaf!.notAfter) return this.#renewed(present, signal);
    }
    const key = await this.#firstKey;
    const member = await enrol({ arguments: args, key, identity: await identity(), signal });
    this.#stepClock(member.now);
    this.#membership = member;
    this.#say("info", `The provisioner ${addressOf(args)} let this machine in.`);
    return member;
  }

  async #renewed(present: Membership, signal: AbortSignal): Promise<Membership> {
    const { arguments: args, identity } = this.#options;
    const key = await createKeyPair("ed25519");
    const member = await renew({
      arguments: args,
      key,
      identity: await identity(),
      signal,
      membership: present,
    });
    this.#membership = member;
    return member;
  }

  #stepClock(now: Date | undefined): void {
    const { clock, setClock, said } = this.#options;
    if (!now || Math.abs(now.getTime() - clock.now().getTime()) < tolerableSkewMs) return;
    const before = clock.now().toISOString();
    setClock(now);
    said(
      "warn",
      `The clock of this machine said ${before}; it now says ${now.toISOString()}, as the provisioner does.`,
    );
  }

  /** One session, from hello to its end. Rejects when it never got as far as a welcome. */
  async #attach(member: Membership, signal: AbortSignal): Promise<Ending> {
    const { arguments: args, clock } = this.#options;
    using channel = openChannel({ address: addressOf(args), credentials: memberTls(member) });
    const calls = client(AgentService, channel);
    const end = new AbortController();
    const over = AbortSignal.any([signal, end.signal]);
    const identity = await this.#options.identity();
    // From here on reports belong to this session; those before stand in the hello.
    const outbox = new Outbox([
      { case: "hello", value: this.#hello(identity) },
      ...this.#outbox.takeFaults(),
    ]);
    this.#outbox = outbox;
    const helloMs = this.#options.uptimeMs();

    const attendants = new SessionAttendants({
      ...this.#options,
      ...{ calls, outbox, over, said: this.#options.noted ?? this.#options.said },
    });
    let session = greet(clock.elapsedMs());
    let expiry: Disposable | undefined;
    const take = ({ session: next, effects }: Step) => {
      session = next;
      for (const effect of effects) this.#act(effect, attendants, signal);
      expiry?.[Symbol.dispose]();
      if (session.is === "over") return end.abort(new Error(session.ending.why));
      const at = expiresMs(session);
      if (at === undefined) return;
      expiry = clock.after(at - clock.elapsedMs(), () => take(tick(session, clock.elapsedMs())));
    };
    take({ session, effects: [] });
    try {
      for await (const message of calls.attach(outbox.messages(), { signal: over })) {
        if (session.is === "greeting") this.#sayHowItWent(helloMs);
        take(hear(session, message, clock.elapsedMs()));
      }
      if (session.is === "greeting") throw new Error("it closed the session before its welcome");
      session = closed(session, "the provisioner closed it");
    } catch (error) {
      if (session.is === "greeting") throw error;
      session = closed(session, obstacleOf(error, addressOf(args)).sentence.replace(/\.$/, ""));
    } finally {
      expiry?.[Symbol.dispose]();
      outbox.close();
      end.abort(new Error("the session is over"));
      // A disk that hangs holds up an inventory, and must not hold up the next session.
      await Promise.race([attendants.ended(), sleep(clock, lingerMs, signal).catch(() => undefined)]);
    }
    return session.is === "over" ? session.ending : { because: "closed", why: "it ended" };
  }

  #hello(identity: Identity) {
    const { kernelBootId, arguments: args, version, uptimeMs } = this.#options;
    const seconds = uptimeMs() / 1000;
    return {
      identity,
      kernelBootId,
      bootId: args.bootId,
      version,
      uptime: { seconds: BigInt(Math.floor(seconds)), nanos: Math.floor((seconds % 1) * 1e9) },
      orders: [...this.#book.unsettled()],
    };
  }

  #act(effect: Effect, attendants: SessionAttendants, signal: AbortSignal): void {
    switch (effect.do) {
      case "order":
        return this.#runner.receive(effect.order);
      case "cancel":
        return this.#runner.cancel(effect.id);
      case "settle":
        return this.#runner.settle(effect.id);
      case "send":
        return this.#outbox.post(effect.message);
      case "sendInventory":
        return attendants.keepInventory();
      case "logs":
        return attendants.followLogs(effect.wish);
      case "renew":
        return attendants.own(
          this.#membership ? this.#renewed(this.#membership, signal) : Promise.resolve(),
          "Cannot renew the certificate",
        );
      case "say":
        return this.#say("info", effect.text);
    }
  }

  #sayHowItWent(helloMs: number): void {
    const megabytes = (this.#options.residentBytes() / 1e6).toFixed(0);
    this.#say(
      "info",
      `Said hello to the provisioner ${(helloMs / 1000).toFixed(1)} s after the kernel started, with ${megabytes} MB of memory in use.`,
    );
    this.#options.greeted?.();
  }

  /** The same sentence again and again would push everything else off the screen. */
  #say(level: "info" | "warn", text: string): void {
    if (text === this.#lastSaid) return;
    this.#lastSaid = text;
    this.#options.said(level, text);
  }
}
