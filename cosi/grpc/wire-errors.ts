// Which status each refusal of State travels as. Clients of COSI branch on these codes.
import { GrpcError, type StatusName } from "../../api/grpc/error.ts";
import {
  AlreadyExists,
  InvalidSpec,
  NotFound,
  OwnerConflict,
  PendingFinalizers,
  PhaseConflict,
} from "../state-errors.ts";
import { BookmarkExpired, VersionConflict } from "../store.ts";

/** First match wins: an AlreadyExists is a VersionConflict too. */
const statuses: readonly (readonly [new (...args: never[]) => Error, StatusName])[] = [
  [NotFound, "notFound"],
  [OwnerConflict, "permissionDenied"],
  [AlreadyExists, "alreadyExists"],
  [PhaseConflict, "invalidArgument"],
  [InvalidSpec, "invalidArgument"],
  [VersionConflict, "failedPrecondition"],
  [PendingFinalizers, "failedPrecondition"],
  [BookmarkExpired, "failedPrecondition"],
];

/** What State threw, as a call fails with it; anything else as it is. */
export function asStatus(error: unknown): unknown {
  const [, code] = statuses.find(([type]) => error instanceof type) ?? [];
  return code === undefined ? error : new GrpcError(code, (error as Error).message, { cause: error });
}
