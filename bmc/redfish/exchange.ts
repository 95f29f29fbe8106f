// The least a Redfish client needs of a network: one request, one answer. The real one is https-exchange.ts.

export type Method = "GET" | "POST" | "PATCH" | "DELETE";

export interface Request {
  readonly method: Method;
  /** With its query, if any. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | undefined;
}

export interface Response {
  readonly status: number;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

export interface Exchange extends AsyncDisposable {
  /** Who is at the other end, for errors. */
  readonly peer: string;
  /** Rejects with a RedfishError, always within its own deadline. */
  send(request: Request, signal?: AbortSignal): Promise<Response>;
}
