// Why State refuses. Each is a class because callers branch on it: the API has a status for each.
import type * as z from "zod";
import type { Key, Metadata, Phase } from "./resource.ts";
import { VersionConflict } from "./store.ts";

/** `Machines.ingot.dev default/m-1`. */
export const nameOf = ({ type, namespace, id }: Key): string => `${type} ${namespace}/${id}`;

export class NotFound extends Error {
  override readonly name = "NotFound";
  readonly key: Key;

  constructor(key: Key) {
    super(`Cannot find ${nameOf(key)}`);
    this.key = key;
  }
}

/** The version conflict of a create. */
export class AlreadyExists extends VersionConflict {
  override readonly name = "AlreadyExists";

  constructor(key: Key, actual: Metadata["version"]) {
    super(key, "absent", actual);
    this.message = `Cannot create ${nameOf(key)}: it already exists`;
  }
}

export class OwnerConflict extends Error {
  override readonly name = "OwnerConflict";
  readonly key: Key;

  constructor(key: Key, owner: string, writer: string) {
    super(`Cannot write ${nameOf(key)} as ${writer || "nobody"}: it belongs to ${owner || "nobody"}`);
    this.key = key;
  }
}

export class PhaseConflict extends Error {
  override readonly name = "PhaseConflict";
  readonly key: Key;

  constructor(key: Key, phase: Phase, wanted: string) {
    super(`Cannot ${wanted} ${nameOf(key)}: it is ${phase}`);
    this.key = key;
  }
}

/** Thrown by a destroy of what is still needed. */
export class PendingFinalizers extends Error {
  override readonly name = "PendingFinalizers";
  readonly key: Key;
  readonly finalizers: readonly string[];

  constructor(key: Key, finalizers: readonly string[]) {
    super(`Cannot destroy ${nameOf(key)}: still needed by ${finalizers.join(", ")}`);
    this.key = key;
    this.finalizers = finalizers;
  }
}

/** A spec that does not fit its type: one that was to be written, or one that is stored. */
export class InvalidSpec extends Error {
  override readonly name = "InvalidSpec";
  readonly key: Key;
  readonly issues: readonly Pick<z.core.$ZodIssue, "path" | "message">[];

  constructor(verb: "read" | "write", key: Key, issues: InvalidSpec["issues"], options?: ErrorOptions) {
    const told = issues.map(({ path, message }) => `${fieldPath(path)}: ${message}`).join("; ");
    super(
      `Cannot ${verb} ${nameOf(key)}: ${verb === "read" ? "its stored spec" : "the spec"} does not fit: ${told}`,
      options,
    );
    this.key = key;
    this.issues = issues;
  }
}

/** `spec.slots[1].size`. */
export const fieldPath = (path: readonly PropertyKey[]) =>
  path.reduce<string>(
    (text, step) => (typeof step === "number" ? `${text}[${step}]` : `${text}.${String(step)}`),
    "spec",
  );
