import type { KeyValue } from "../../../api/gen/etcd/key_value_pb.js";
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

function decodeValue({ key, value: { buffer, byteOffset, length } }: KeyValue): Value {
  try {
    return JSON.parse(Buffer.from(buffer, byteOffset, length).toString()) as Value;
  } catch (cause) {
    throw new Error(`Cannot read ${Buffer.from(key).toString()} in etcd: its value is not a document`, {
      cause,
    });
  }
}
