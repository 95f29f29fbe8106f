import { Metadata, type StatusObject, status } from "@grpc/grpc-js";

/** gRPC, "Status codes and their use in gRPC". */
export const statusCode = {
  ok: status.OK,
  cancelled: status.CANCELLED,
  unknown: status.UNKNOWN,
  invalidArgument: status.INVALID_ARGUMENT,
  deadlineExceeded: status.DEADLINE_EXCEEDED,
  notFound: status.NOT_FOUND,
  alreadyExists: status.ALREADY_EXISTS,
  permissionDenied: status.PERMISSION_DENIED,
  resourceExhausted: status.RESOURCE_EXHAUSTED,
  failedPrecondition: status.FAILED_PRECONDITION,
  aborted: status.ABORTED,
  outOfRange: status.OUT_OF_RANGE,
  unimplemented: status.UNIMPLEMENTED,
  internal: status.INTERNAL,
  unavailable: status.UNAVAILABLE,
  dataLoss: status.DATA_LOSS,
  unauthenticated: status.UNAUTHENTICATED,
} as const;

export type StatusName = keyof typeof statusCode;

const names = new Map<number, StatusName>(
  Object.entries(statusCode).map(([name, code]) => [code, name as StatusName]),
);

/** The outcome of a call that failed: what a handler throws and what a client catches. */
export class GrpcError extends Error {
  override readonly name = "GrpcError";
  readonly code: StatusName;
  /** What the server said, without the code. */
  readonly details: string;
  /** The trailers that came with the status. */
  readonly metadata: Metadata;

  constructor(code: StatusName, details: string, options: ErrorOptions & { metadata?: Metadata } = {}) {
    super(`${code}: ${details}`, options);
    this.code = code;
    this.details = details;
    this.metadata = options.metadata ?? new Metadata();
  }

  /** Any error of a call. What is no status (a bug, a broken pipe) is `unknown`, as gRPC says. */
  static from(error: unknown): GrpcError {
    if (error instanceof GrpcError) return error;
    if (isStatus(error)) {
      const { code, details, metadata } = error;
      return new GrpcError(names.get(code) ?? "unknown", details, { cause: error, metadata });
    }
    const details = error instanceof Error ? error.message : String(error);
    return new GrpcError("unknown", details, { cause: error });
  }

  toStatus(): StatusObject {
    return { code: statusCode[this.code], details: this.details, metadata: this.metadata };
  }
}

function isStatus(error: unknown): error is StatusObject {
  return (
    error instanceof Error &&
    "code" in error &&
    typeof error.code === "number" &&
    "details" in error &&
    typeof error.details === "string" &&
    "metadata" in error &&
    error.metadata instanceof Metadata
  );
}
