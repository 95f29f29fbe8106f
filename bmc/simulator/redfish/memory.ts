// What one emulated service keeps between requests, besides the chassis.
import { SimulatedChassis } from "../chassis.ts";
import { furnish, type SimulatedUser } from "../furniture.ts";

export interface RedfishSession {
  readonly id: string;
  readonly token: string;
  readonly user: SimulatedUser;
  lastHeardAt: number;
  requests: number;
}

interface RunningTask {
  readonly id: string;
  /** Looks that still find it running. */
  looks: number;
}

const sessionTimeoutMs = 30 * 60_000;
/** Not those of any machine that is furnished by number. */
const othersFrom = 0xffff00;

export class RedfishMemory {
  readonly chassis: SimulatedChassis;
  readonly systems: ReadonlyMap<string, SimulatedChassis>;
  readonly sessions = new Map<string, RedfishSession>();
  readonly tasks = new Map<string, RunningTask>();
  readonly #randomBytes: (size: number) => Uint8Array;
  media: string | undefined;
  #lockedUntil = 0;
  #silentUntil = 0;
  #recent: number[] = [];
  #requests = 0;
  #nextId = 1;

  constructor(chassis: SimulatedChassis, randomBytes: (size: number) => Uint8Array) {
    this.chassis = chassis;
    this.#randomBytes = randomBytes;
    const others = Array.from(
      { length: chassis.quirks.redfish?.otherSystems ?? 0 },
      (_, index): [string, SimulatedChassis] => [
        `other-${index + 1}`,
        new SimulatedChassis({ clock: chassis.clock, furniture: furnish(othersFrom + index) }),
      ],
    );
    // Ours comes last, so that whoever takes the first takes a wrong one.
    this.systems = new Map([...others, ["1", chassis]]);
  }

  get openSessions(): number {
    const oldest = this.chassis.clock.now() - sessionTimeoutMs;
    for (const { id, lastHeardAt } of this.sessions.values())
      if (lastHeardAt <= oldest) this.sessions.delete(id);
    return this.sessions.size;
  }

  /** Basic authentication takes a session for the time of a request. */
  hasRoom(): boolean {
    const { maxSessions = 64, sessionLockoutMs } = this.chassis.quirks;
    const now = this.chassis.clock.now();
    if (now < this.#lockedUntil) return false;
    if (this.openSessions < maxSessions) return true;
    if (sessionLockoutMs !== undefined) this.#lockedUntil = now + sessionLockoutMs;
    return false;
  }

  openSession(user: SimulatedUser): RedfishSession {
    const token = Buffer.from(this.#randomBytes(16)).toString("hex");
    const session = { id: this.newId(), token, user, lastHeardAt: this.chassis.clock.now(), requests: 0 };
    this.sessions.set(session.id, session);
    return session;
  }

  sessionOf(token: string): RedfishSession | undefined {
    if (this.openSessions === 0) return undefined;
    const session = [...this.sessions.values()].find((session) => session.token === token);
    if (!session) return undefined;
    const { forgetsSessionsAfter = Number.POSITIVE_INFINITY } = this.chassis.quirks.redfish ?? {};
    if (++session.requests > forgetsSessionsAfter) {
      this.sessions.delete(session.id);
      return undefined;
    }
    session.lastHeardAt = this.chassis.clock.now();
    return session;
  }

  newId(): string {
    return String(this.#nextId++);
  }

  /** True at every n-th request, for the quirk of being busy. */
  isBusy(): boolean {
    const { busyEvery } = this.chassis.quirks;
    return busyEvery !== undefined && ++this.#requests % busyEvery === 1;
  }

  get isSilent(): boolean {
    return this.chassis.clock.now() < this.#silentUntil;
  }

  /** The quirk of falling silent after too many requests in too short a time. */
  isTired(): boolean {
    const { burst } = this.chassis.quirks;
    const now = this.chassis.clock.now();
    if (!burst) return false;
    if (this.isSilent) return true;
    this.#recent = [...this.#recent.filter((at) => at > now - burst.withinMs), now];
    if (this.#recent.length <= burst.commands) return false;
    this.#silentUntil = now + burst.silentMs;
    return true;
  }
}
