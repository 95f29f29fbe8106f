// One row of the API: what a request must look like, who may send it and what answers it.
import type { ServerResponse } from "node:http";
import type { z } from "zod";
import type { Role } from "../resources/roles.ts";
import type { Bearer } from "./tokens.ts";

export interface ApiRequest {
  readonly id: string;
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly header: (name: string) => string | undefined;
  readonly body: unknown;
  readonly who: Bearer;
  readonly address: string;
  readonly signal: AbortSignal;
}

export type Answer =
  | { readonly status?: number; readonly headers?: Readonly<Record<string, string>>; readonly body: unknown }
  | { readonly status?: number; readonly type: string; readonly text: string }
  /** Writes by itself until it is over. */
  | { readonly stream: (response: ServerResponse) => Promise<void> };

export interface Route {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** `/api/v1/machines/{id}` */
  readonly path: string;
  /** `nobody`: needs no token. */
  readonly role: Role | "nobody";
  /** For the documentation and the audit log: `machines.accept`. */
  readonly operation: string;
  readonly about: string;
  readonly query?: Readonly<Record<string, string>>;
  readonly body?: z.ZodType;
  /** Where the usual bound is too narrow. */
  readonly mostBytes?: number;
  /** Name of the schema it answers with, or of the items of a list. */
  readonly answers?: { readonly schema: string; readonly list?: boolean };
  readonly handle: (request: ApiRequest) => Promise<Answer>;
}

interface Matched {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

const idText = "[A-Za-z0-9][A-Za-z0-9._:-]{0,252}";

/** Finds the route of a path; `undefined` where no method of that path is known. */
export function matcher(routes: readonly Route[]) {
  const patterns = routes.map((route) => ({
    route,
    pattern: new RegExp(
      `^${route.path.replaceAll(".", "\\.").replaceAll(/\{(\w+)\}/g, `(?<$1>${idText})`)}$`,
    ),
  }));
  return (method: string, path: string): Matched | "method" | undefined => {
    const fitting = patterns.flatMap(({ route, pattern }) => {
      const found = pattern.exec(path);
      return found ? [{ route, params: { ...found.groups } }] : [];
    });
    return (
      fitting.find(({ route }) => route.method === method) ?? (fitting.length > 0 ? "method" : undefined)
    );
  };
}
