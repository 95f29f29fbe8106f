// The API, as the command asks it.
import { CommandFailure, endingOf } from "./exit-codes.ts";

export interface HttpRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface HttpResponse {
  readonly status: number;
  readonly text: () => Promise<string>;
  readonly lines: () => AsyncIterable<string>;
}

export type Send = (request: HttpRequest) => Promise<HttpResponse>;

/** A resource as the API shows it. */
export interface Shown {
  readonly kind: string;
  readonly metadata: {
    readonly id: string;
    readonly version: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly created: string;
    readonly updated: string;
  };
  readonly spec: unknown;
}

export interface Page {
  readonly items: readonly Shown[];
  readonly continue?: string;
  /** From here a watch goes on. */
  readonly bookmark: string;
}

/** Bootstrapped: what was told so far is all that was there when the watch began. */
export type Change =
  | { readonly type: "created" | "updated" | "destroyed"; readonly resource: Shown }
  | { readonly type: "bootstrapped" };

type Query = Readonly<Record<string, string | undefined>>;

const root = "/api/v1";

export class ApiClient {
  readonly #send: Send;
  readonly #waiting: () => Disposable;

  constructor(send: Send, waiting: () => Disposable = () => ({ [Symbol.dispose]: () => {} })) {
    this.#send = send;
    this.#waiting = waiting;
  }

  async call(
    method: HttpRequest["method"],
    path: string,
    body?: unknown,
    headers: Readonly<Record<string, string>> = {},
  ): Promise<unknown> {
    const text = await this.#text(method, path, body, { accept: "application/json", ...headers });
    return text === "" ? undefined : JSON.parse(text);
  }

  async page(kind: string, query: Query): Promise<Page> {
    return (await this.call("GET", pathOf(kind, [], query))) as Page;
  }

  /** All of a kind, page by page. */
  async list(kind: string, query: Query = {}): Promise<Shown[]> {
    const all: Shown[] = [];
    let next: string | undefined;
    do {
      const page = await this.page(kind, { ...query, limit: "1000", continue: next });
      all.push(...page.items);
      next = page.continue;
    } while (next !== undefined);
    return all;
  }

  text(path: string): Promise<string> {
    return this.#text("GET", path, undefined, {});
  }

  /** What is there and every change of it; with `after`, what changed since. Ends by failing, or as its reader wishes. */
  async *watch(kind: string, query: Query): AsyncGenerator<Change, never, undefined> {
    const headers = { accept: "text/event-stream" };
    const response = await this.#send({ method: "GET", path: pathOf(kind, [], query), headers });
    if (response.status !== 200) throw await failureOf(response);
    let type = "";
    for await (const line of response.lines()) {
      if (line.startsWith("event: ")) type = line.slice(7);
      if (!line.startsWith("data: ")) continue;
      const data = JSON.parse(line.slice(6)) as Shown & { readonly detail?: string };
      if (type === "failed") throw new CommandFailure("failed", data.detail ?? "the stream failed");
      yield type === "bootstrapped" ? { type } : { type: type as "created", resource: data };
    }
    throw new CommandFailure("unreachable", "the provisioner ended the stream");
  }

  async #text(
    method: HttpRequest["method"],
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<string> {
    using _ = this.#waiting();
    const sent = body === undefined ? {} : { "content-type": "application/json" };
    const response = await this.#send({
      method,
      path,
      headers: { ...headers, ...sent },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    if (response.status >= 300) throw await failureOf(response);
    return response.text();
  }
}

/** `/api/v1/machines/m1/story?lines=3`. */
export function pathOf(kind: string, steps: readonly string[] = [], query: Query = {}): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const search = new URLSearchParams(given).toString();
  return [root, kind, ...steps.map(encodeURIComponent)].join("/") + (search && `?${search}`);
}

interface ApiProblem {
  readonly detail?: string;
  readonly title?: string;
  readonly issues?: readonly { readonly field: string; readonly message: string }[];
}

export async function failureOf(response: HttpResponse): Promise<CommandFailure> {
  const text = await response.text();
  const ending = endingOf(response.status);
  try {
    const { detail, title, issues = [] } = JSON.parse(text) as ApiProblem;
    const what = detail ?? title ?? text;
    const fields = issues.filter(({ message }) => !what.includes(message));
    const lines = fields.map(({ field, message }) => `  ${field}: ${message}`);
    return new CommandFailure(ending, [what, ...lines].join("\n"));
  } catch (cause) {
    return new CommandFailure(ending, `the answer was ${response.status}: ${text.slice(0, 200)}`, { cause });
  }
}
