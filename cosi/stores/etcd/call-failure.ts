// What etcd, or the way to it, answers instead of doing what it was asked.
import { GrpcError, type StatusName } from "../../../api/grpc/error.ts";

/**
 * With these etcd says that it did nothing. `resourceExhausted` is not among them: the write that finds the
 * database's quota used up is answered so, and carried out.
 */
const conclusive: ReadonlySet<StatusName> = new Set([
  "invalidArgument",
  "notFound",
  "alreadyExists",
  "permissionDenied",
  "failedPrecondition",
  "outOfRange",
  "unimplemented",
  "unauthenticated",
] as const);

/**
 * Whether this settles nothing: a read may go better another time or at another member, and a write may have been
 * carried out although its answer is lost.
 */
export const isInconclusive = (error: unknown): error is GrpcError =>
  error instanceof GrpcError && !conclusive.has(error.code);

/** What was asked for lies before the last compaction. */
export const isCompacted = (error: unknown): error is GrpcError =>
  error instanceof GrpcError && error.code === "outOfRange" && error.details.includes("compacted");

/** The token is none of etcd's (any more): it lost its tokens in a restart, or users have changed. */
export const isStaleLogin = (error: unknown): error is GrpcError =>
  error instanceof GrpcError &&
  (error.code === "unauthenticated" ||
    (error.code === "invalidArgument" && /revision of auth store|user name is empty/.test(error.details)));
