// What went wrong, as the API tells it (RFC 9457, application/problem+json).
import type { z } from "zod";
import {
  AlreadyExists,
  InvalidSpec,
  NotFound,
  OwnerConflict,
  PendingFinalizers,
  PhaseConflict,
} from "../../cosi/state-errors.ts";
import { BookmarkExpired, StoreUnavailable, VersionConflict } from "../../cosi/store.ts";

const titles = {
  400: "The request is malformed",
  401: "A token is needed",
  403: "The token does not allow this",
  404: "There is no such thing",
  405: "There is no such method here",
  406: "None of the accepted formats is offered",
  409: "It is not in a state for that",
  410: "The bookmark is too old",
  412: "It has changed meanwhile",
  413: "The body is too large",
  415: "The body is in no known format",
  422: "Fields are wrong",
  429: "Too many requests",
  500: "The provisioner failed",
  503: "Not now",
} as const;

export type ProblemStatus = keyof typeof titles;
export const problemTitle = (status: ProblemStatus): string => titles[status];

/** One field that is wrong: `spec.wipeId`. */
interface FieldIssue {
  readonly field: string;
  readonly message: string;
}

/** The outcome of a request that was refused or failed: what a handler throws. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: ProblemStatus;
  readonly issues: readonly FieldIssue[];
  readonly headers: Readonly<Record<string, string>>;

  constructor(
    status: ProblemStatus,
    detail: string,
    options: ErrorOptions & {
      readonly issues?: readonly FieldIssue[];
      readonly headers?: Readonly<Record<string, string>>;
    } = {},
  ) {
    super(detail, options);
    this.status = status;
    this.issues = options.issues ?? [];
    this.headers = options.headers ?? {};
  }

  /** Any error of a request. What is none of ours tells nothing of itself to the caller. */
  static from(error: unknown): Problem {
    if (error instanceof Problem) return error;
    if (error instanceof NotFound) return new Problem(404, error.message, { cause: error });
    if (error instanceof AlreadyExists) return new Problem(409, error.message, { cause: error });
    if (error instanceof VersionConflict) return new Problem(412, error.message, { cause: error });
    if (error instanceof BookmarkExpired) {
      return new Problem(410, "list again, and watch from there", { cause: error });
    }
    if (
      error instanceof OwnerConflict ||
      error instanceof PhaseConflict ||
      error instanceof PendingFinalizers
    ) {
      return new Problem(409, error.message, { cause: error });
    }
    if (error instanceof InvalidSpec && error.message.startsWith("Cannot write")) {
      return invalid(error.issues, ["spec"], error);
    }
    if (error instanceof StoreUnavailable) {
      return new Problem(503, `the provisioner's state: ${error.why}`, { cause: error });
    }
    return new Problem(500, "the log of the provisioner says more, under this request's id", {
      cause: error,
    });
  }

  /** As it is sent. */
  toBody(requestId: string) {
    const { status, message: detail, issues } = this;
    const wrong = issues.length > 0 ? { issues } : {};
    return { type: "about:blank", title: titles[status], status, detail, ...wrong, requestId };
  }
}

type Issues = readonly Pick<z.core.$ZodIssue, "path" | "message">[];

/** What a schema found, by the names of the fields. */
export function invalid(issues: Issues, below: readonly string[] = [], cause?: unknown): Problem {
  const told = issues.map(({ path, message }) => ({
    field: [...below, ...path].map(String).join(".") || "(body)",
    message,
  }));
  const detail = told.map(({ field, message }) => `${field}: ${message}`).join("; ");
  return new Problem(422, detail, { issues: told, cause });
}
