// One Redfish service: paths in, resources out. Sessions, redirects, ETags, tasks and waiting for a busy BMC happen here
// and nowhere else.
import { type Clock, sleep } from "../clock.ts";
import { RedfishError } from "./error.ts";
import type { Exchange, Method, Response } from "./exchange.ts";
import { basic, headersOf, type Login, type RedfishCredentials, sessionOf } from "./login.ts";
import { type Problem, problemOf, refusal, whyPassing } from "./problem.ts";
import { collection, task } from "./resources.ts";
import { isRecord, malformed, path as pathShape, type Shape } from "./shape.ts";

export interface RedfishPatience {
  /** Between two tries of what a busy BMC refused, and between two looks at a task. */
  readonly retryEveryMs: number;
  /** A change may have to wait for a whole POST; a question may not, since commands wait behind it. */
  readonly changeForMs: number;
  readonly readForMs: number;
  /** For giving the session back to a BMC that may be the reason for giving up on it. */
  readonly closeForMs: number;
}

export const usualPatience: RedfishPatience = {
  retryEveryMs: 3_000,
  changeForMs: 10 * 60_000,
  readForMs: 15_000,
  closeForMs: 5_000,
};

export interface ServiceOptions {
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly credentials: RedfishCredentials;
  readonly patience?: RedfishPatience | undefined;
  readonly signal?: AbortSignal | undefined;
  readonly onWarning: (warning: string) => void;
}

interface Ask {
  readonly method: Method;
  readonly path: string;
  readonly body?: object | undefined;
  readonly etag?: string | undefined;
}

interface Answer {
  readonly status: number;
  readonly headers: Response["headers"];
  readonly body: unknown;
}

export interface Read<T> {
  readonly value: T;
  readonly etag: string | undefined;
}

export interface Member<T> {
  readonly path: string;
  readonly value: T;
}

const mostRedirects = 5;
/** More is a service whose lists point in circles. */
const mostMembers = 10_000;

export class RedfishService implements AsyncDisposable {
  readonly #exchange: Exchange;
  readonly #clock: Clock;
  #credentials: RedfishCredentials;
  readonly #patience: RedfishPatience;
  #signal: AbortSignal | undefined;
  readonly #onWarning: (warning: string) => void;
  #sessions: string | undefined;
  #login: Login | undefined;
  #expands = false;

  constructor({ exchange, clock, credentials, patience = usualPatience, signal, onWarning }: ServiceOptions) {
    this.#exchange = exchange;
    this.#clock = clock;
    this.#credentials = credentials;
    this.#patience = patience;
    this.#signal = signal;
    this.#onWarning = onWarning;
  }

  get peer(): string {
    return this.#exchange.peer;
  }

  get user(): string {
    return this.#credentials.user;
  }

  /** The service answers collections with their members in them. */
  expandCollections(): void {
    this.#expands = true;
  }

  /** From here on as this user: in a session of `sessions` where there is one to have. */
  async logIn(sessions: string | undefined): Promise<void> {
    this.#sessions = sessions;
    this.#login = undefined;
    this.#login =
      (sessions === undefined ? undefined : await this.#openSession(sessions)) ?? basic(this.#credentials);
  }

  /** The password was changed by us: what must be said from now on. */
  useCredentials(credentials: RedfishCredentials): void {
    this.#credentials = credentials;
    if (this.#login?.by === "basic") this.#login = basic(credentials);
  }

  async #openSession(path: string): Promise<Login | undefined> {
    const { user, password } = this.#credentials;
    const ask: Ask = { method: "POST", path, body: { UserName: user, Password: password } };
    let why = "without a token";
    try {
      const answer = await this.#request(ask, [], this.#patience.readForMs);
      const session = sessionOf(answer, (location) => this.#resolve(location, path));
      if (session) return session;
    } catch (error) {
      if (!(error instanceof RedfishError) || error.status === undefined || error.kind === "credentials")
        throw error;
      why = error.message;
    }
    // No session service, none free, or one that is broken: name and password may still do.
    this.#onWarning(`${this.peer} gives no session, so Basic authentication is used: ${why}`);
    return undefined;
  }

  async read<T>(path: string, shape: Shape<T>): Promise<Read<T>> {
    const { body, headers } = await this.#request({ method: "GET", path });
    const inside =
      isRecord(body) && typeof body["@odata.etag"] === "string" ? body["@odata.etag"] : undefined;
    return { value: shape(body, `${this.peer}${path}#`), etag: headers["etag"] ?? inside };
  }

  async get<T>(path: string, shape: Shape<T>): Promise<T> {
    return (await this.read(path, shape)).value;
  }

  /** Where the members are. */
  async list(path: string): Promise<readonly string[]> {
    const found: string[] = [];
    for await (const { path: at } of this.#walk(path, (page) => this.get(page, collection))) found.push(at);
    return found;
  }

  /** Every member, read one by one unless the service has put them into the collection. */
  async members<T>(path: string, shape: Shape<T>): Promise<readonly Member<T>[]> {
    const found: Member<T>[] = [];
    for await (const { path: at, member, where } of this.#walk(path, (page) => this.#page(page))) {
      const isReference = Object.keys(member).length === 1;
      found.push({ path: at, value: isReference ? await this.get(at, shape) : shape(member, where) });
    }
    return found;
  }

  /** Over all pages. */
  async *#walk(path: string, read: (page: string) => Promise<ReturnType<typeof collection>>) {
    let count = 0;
    const pages = new Set<string>();
    for (let page: string | undefined = path; page !== undefined; ) {
      if (pages.has(page)) throw malformed(`${this.peer}${path}`, "its pages point in circles");
      pages.add(page);
      const { Members = [], "Members@odata.nextLink": next }: ReturnType<typeof collection> =
        await read(page);
      for (const member of Members) {
        const where = `${this.peer}${page}#/Members`;
        if (!isRecord(member)) throw malformed(where, "a member is not an object");
        if (count++ === mostMembers) return;
        yield { path: pathShape(member["@odata.id"], `${where}/@odata.id`), member, where };
      }
      page = next;
    }
  }

  async #page(path: string) {
    if (this.#expands && !path.includes("?")) {
      try {
        return await this.get(`${path}?$expand=.($levels=1)`, collection);
      } catch (error) {
        // Declared at the root and not there for this collection.
        if (!(error instanceof RedfishError) || error.kind !== "refused") throw error;
      }
    }
    return this.get(path, collection);
  }

  /** PATCH. `etag`: of the resource as it was read, where it had one. */
  async change(path: string, body: object, etag?: string): Promise<void> {
    const answer = await this.#request({ method: "PATCH", path, body, etag }, [412, 428]);
    if (answer.status < 400) return;
    // Somebody changed it in between, or the service insists on an ETag of its own spelling.
    const { etag: fresh } = await this.read(path, (value) => value);
    const spellings = fresh === undefined ? ["*"] : [fresh, fresh.replace(/^W\//, ""), "*"];
    for (const spelling of new Set(spellings)) {
      const again = await this.#request({ method: "PATCH", path, body, etag: spelling }, [412, 428]);
      if (again.status < 400) return;
    }
    throw refusal(`change ${path}`, this.peer, problemOf(answer.status, answer.body));
  }

  /** POST: an action, or a new member of a collection. */
  async post(path: string, body: object): Promise<unknown> {
    return (await this.#request({ method: "POST", path, body })).body;
  }

  async remove(path: string): Promise<void> {
    await this.#request({ method: "DELETE", path });
  }

  /** Asks until the service does not say any more that it is busy, and follows what it only promised to do. */
  async #request(
    ask: Ask,
    tolerated: readonly number[] = [],
    forMs = this.#patienceFor(ask),
  ): Promise<Answer> {
    const { retryEveryMs } = this.#patience;
    const deadline = this.#clock.now() + forMs;
    let renewed = false;
    for (;;) {
      const answer = await this.#send(ask);
      if (answer.status === 202) return this.#finish(ask, answer, deadline);
      if (answer.status < 400 || tolerated.includes(answer.status)) return answer;
      if (answer.status === 401 && this.#login?.by === "session" && !renewed) {
        // The BMC forgot the session: it was idle for too long, or the BMC was restarted.
        renewed = true;
        await this.logIn(this.#sessions);
        continue;
      }
      const problem = problemOf(answer.status, answer.body);
      const passes = whyPassing(problem);
      const pause = Math.max(retryEveryMs, askedPauseMs(answer));
      if (passes === undefined || this.#clock.now() + pause > deadline)
        throw refusal(whatOf(ask), this.peer, problem, passes);
      await sleep(this.#clock, pause, this.#signal);
    }
  }

  #patienceFor({ method }: Ask): number {
    return method === "GET" ? this.#patience.readForMs : this.#patience.changeForMs;
  }

  /** DSP0266 §12: a task monitor answers 202 for as long as it runs; some services lead to the task itself. */
  async #finish(ask: Ask, accepted: Answer, deadline: number): Promise<Answer> {
    const { location } = accepted.headers;
    if (location === undefined) return accepted;
    const path = this.#resolve(location, ask.path);
    for (;;) {
      await sleep(this.#clock, this.#patience.retryEveryMs, this.#signal);
      const answer = await this.#send({ method: "GET", path });
      // A monitor that is gone has been done with.
      if (answer.status === 404 || answer.status === 410) return accepted;
      if (answer.status >= 400) throw refusal(whatOf(ask), this.peer, problemOf(answer.status, answer.body));
      const { TaskState: state, Messages } = isRecord(answer.body)
        ? task(answer.body, `${this.peer}${path}#`)
        : {};
      if (state !== undefined && failedStates.has(state))
        throw failedTask(ask, this.peer, state, Messages ?? []);
      if (answer.status !== 202 && (state === undefined || state === "Completed")) return answer;
      if (this.#clock.now() > deadline)
        throw new RedfishError({
          kind: "refused",
          message: `Cannot ${whatOf(ask)} on ${this.peer}: its task is ${state ?? "running"} for too long`,
        });
    }
  }

  async #send(ask: Ask): Promise<Answer> {
    let { method, path, body } = ask;
    for (let redirects = 0; redirects <= mostRedirects; redirects++) {
      const request = {
        method,
        path,
        headers: {
          "odata-version": "4.0",
          ...headersOf(this.#login),
          ...(body === undefined ? {} : { "content-type": "application/json" }),
          ...(ask.etag === undefined ? {} : { "if-match": ask.etag }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      };
      const { status, headers, body: bytes } = await this.#exchange.send(request, this.#signal);
      const isRedirect = status >= 300 && status < 400 && status !== 304 && headers["location"] !== undefined;
      if (!isRedirect) return { status, headers, body: parsed(bytes, status, `${this.peer}${path}`) };
      // Whatever the number, a redirected change is asked for again: BMCs answer 301 to a missing slash.
      path = this.#resolve(headers["location"]!, path);
      if (status === 303) [method, body] = ["GET", undefined];
    }
    throw malformed(`${this.peer}${ask.path}`, "its redirects lead in circles");
  }

  /** Credentials go nowhere but to the BMC they are for. */
  #resolve(location: string, from: string): string {
    const base = new URL(from, this.peer);
    const target = URL.parse(location, base);
    if (!target || target.host !== base.host)
      throw new RedfishError({
        kind: "untrusted",
        message: `Cannot follow ${this.peer}${from} to ${location.slice(0, 200)}: that is another host`,
      });
    return `${target.pathname}${target.search}`;
  }

  /** Gives the session back, whatever went before, so that the next who comes finds one free. */
  async [Symbol.asyncDispose](): Promise<void> {
    // Whoever gave up on us still wants the session closed: this takes the place of their signal.
    const tooLate = new AbortController();
    const { closeForMs, readForMs } = this.#patience;
    using _ = this.#clock.after(closeForMs, () =>
      tooLate.abort(
        new RedfishError({ kind: "noAnswer", message: `it did not answer within ${closeForMs / 1_000} s` }),
      ),
    );
    this.#signal = tooLate.signal;
    try {
      if (this.#login?.by === "session" && this.#login.path !== undefined)
        await this.#request({ method: "DELETE", path: this.#login.path }, [401, 404], readForMs);
    } catch (error) {
      if (!(error instanceof RedfishError)) throw error;
      this.#onWarning(`${this.peer} keeps a session of ours: ${error.message}`);
    } finally {
      this.#login = undefined;
      await this.#exchange[Symbol.asyncDispose]();
    }
  }
}

const whatOf = ({ method, path }: Ask) => `${method} ${path}`;

const failedStates: ReadonlySet<string> = new Set(["Exception", "Killed", "Cancelled", "Interrupted"]);

function failedTask(
  ask: Ask,
  peer: string,
  state: string,
  messages: readonly { readonly MessageId?: string | undefined; readonly Message?: string | undefined }[],
): RedfishError {
  const told = messages.map(({ Message, MessageId }) => Message ?? MessageId ?? "").join(" ");
  const problem: Problem = {
    status: 0,
    messageIds: messages.flatMap(({ MessageId }) => MessageId ?? []),
    text: `its task ended as ${state}${told === "" ? "" : `: ${told}`}`,
  };
  return refusal(whatOf(ask), peer, problem);
}

/** Retry-After, in seconds; a BMC that asks for hours is not taken at its word. */
function askedPauseMs({ headers }: Answer): number {
  const seconds = Number(headers["retry-after"] ?? 0);
  return seconds > 0 && seconds <= 120 ? seconds * 1_000 : 0;
}

function parsed(bytes: Uint8Array, status: number, where: string): unknown {
  if (bytes.length === 0) return undefined;
  try {
    return JSON.parse(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("utf8"));
  } catch (cause) {
    // Refusals often come as a page for people; the status says enough.
    if (status >= 400) return undefined;
    throw new RedfishError({ kind: "malformed", message: `Cannot read ${where}: it is not JSON`, cause });
  }
}
