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

interface Page {
  readonly items: readonly Shown[];
  readonly continue?: string;
}

export interface Change {
  readonly type: string;
  readonly resource: Shown;
}

const root = "/api/v1";

export class ApiClient {
  readonly #send: Send;

  constructor(send: Send) {
    this.#send = send;
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

  /** All of a kind, page by page. */
  async list(kind: string, query: Readonly<Record<string, string | undefined>> = {}): Promise<Shown[]> {
    const all: Shown[] = [];
    let next: string | undefined;
    do {
      const page = (await this.call(
        "GET",
        pathOf(kind, [], { ...query, limit: "1000", continue: next }),
      )) as Page;
      all.push(...page.items);
      next = page.continue;
    } while (next !== undefined);
    return all;
  }

  text(path: string): Promise<string> {
    return this.#text("GET", path, undefined, {});
  }

  /** What is there and every change of it, until the stream ends. */
  async *watch(
    kind: string,
    query: Readonly<Record<string, string | undefined>>,
  ): AsyncGenerator<Change, void, undefined> {
    const headers = { accept: "text/event-stream" };
    const response = await this.#send({ method: "GET", path: pathOf(kind, [], query), headers });
    if (response.status !== 200) throw await failureOf(response);
    let type = "";
    for await (const line of response.lines()) {
      if (line.startsWith("event: ")) type = line.slice(7);
      if (!line.startsWith("data: ")) continue;
      const data = JSON.parse(line.slice(6)) as Shown & { readonly detail?: string };
      if (type === "failed") throw new CommandFailure("failed", data.detail ?? "the stream failed");
      if (type !== "bootstrapped") yield { type, resource: data };
    }
  }

  async #text(
    method: HttpRequest["method"],
    path: string,
    body: unknown,
    headers: Readonly<Record<string, string>>,
  ): Promise<string> {
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
export function pathOf(
  kind: string,
  steps: readonly string[] = [],
  query: Readonly<Record<string, string | undefined>> = {},
): string {
  const given = Object.entries(query).filter((entry): entry is [string, string] => entry[1] !== undefined);
  const search = new URLSearchParams(given).toString();
  return [root, kind, ...steps.map(encodeURIComponent)].join("/") + (search && `?${search}`);
}

interface ApiProblem {
  readonly detail?: string;
  readonly title?: string;
  readonly issues?: readonly { readonly field: string; readonly message: string }[];
}

async function failureOf(response: HttpResponse): Promise<CommandFailure> {
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
