import type { KeyValue } from "../../../api/gen/etcd/key_value_pb.js";
import type { Query } from "../../query.ts";
import type { Metadata } from "../../resource.ts";
import type { Document, Draft, Json } from "../../store.ts";
import type { KeyLayout } from "./key-layout.ts";

/** A value in etcd. What the key says, and the version, which is the key's revision, are not repeated. */
interface Value extends Pick<Metadata, "owner" | "phase" | "finalizers" | "labels" | "annotations"> {
  readonly created: string;
  readonly updated: string;
  readonly spec: Json;
  /** Names the write, so that a writer whose answer was lost knows its own. */
  readonly write: string;
}

export function encodeValue({ metadata, spec }: Draft, write: string): Uint8Array {
  const { owner, phase, finalizers, labels, annotations } = metadata;
  const created = metadata.created.toISOString();
  const updated = metadata.updated.toISOString();
  const value: Value = { owner, phase, finalizers, labels, annotations, created, updated, spec, write };
  return Buffer.from(JSON.stringify(value));
}

export function decodeDocument(layout: KeyLayout, pair: KeyValue): Document {
  const { spec, write: _, created, updated, ...rest } = decodeValue(pair);
  const metadata = {
    ...layout.parse(pair.key),
    version: pair.modRevision,
    ...rest,
    created: new Date(created),
    updated: new Date(updated),
  };
  return { metadata, spec };
}

/** The name of the write that put this value there. */
export const writeOf = (pair: KeyValue): string => decodeValue(pair).write;

/**
 * Tells from the bytes alone whether a query can mean a document: a label stands in them as it was written. Most of
 * those that are not meant need no parsing then.
 */
export function mayMean({ labels = [] }: Query): (pair: KeyValue) => boolean {
  const needles = labels.flatMap((term) =>
    term.op === "equal" && !term.invert
      ? [Buffer.from(`${JSON.stringify(term.label)}:${JSON.stringify(term.value)}`)]
      : [],
  );
  return ({ value }) => needles.every((needle) => view(value).includes(needle));
}

const view = ({ buffer, byteOffset, length }: Uint8Array) => Buffer.from(buffer, byteOffset, length);

function decodeValue({ key, value }: KeyValue): Value {
  try {
    return JSON.parse(view(value).toString()) as Value;
  } catch (cause) {
    throw new Error(`Cannot read ${Buffer.from(key).toString()} in etcd: its value is not a document`, {
      cause,
    });
  }
}
