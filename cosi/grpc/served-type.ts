import { fromBinary, fromJson, type JsonValue, toBinary, toJson } from "@bufbuild/protobuf";
import { ValueSchema } from "@bufbuild/protobuf/wkt";
import type { Key, ResourceType, SpecOf } from "../resource.ts";
import { encodeSpec } from "../spec.ts";
import type { Json } from "../store.ts";

/** How the specs of a type travel as protobuf. */
export interface ProtoSpec<Spec> {
  readonly encode: (spec: Spec, key: Key) => Uint8Array;
  /** Missing where the proto says less than the spec: what is written is then read from its YAML. */
  readonly decode?: (bytes: Uint8Array) => Spec;
}

/** A type that the State service knows, and how its specs travel besides YAML. */
export interface ServedType {
  readonly type: ResourceType;
  readonly proto: ProtoSpec<unknown> | undefined;
  /** What clients see instead of the spec as it is kept, and annotations that tell them so. */
  readonly shown?: (spec: unknown) => Shown;
}

export interface Shown {
  readonly yaml: Json;
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * Types that upstream has too are given their proto, which its typed clients decode. Types of our own need none:
 * their specs travel as google.protobuf.Value, which any client can read without knowing the type.
 */
export function servedType<Type extends ResourceType>(
  type: Type,
  proto?: ProtoSpec<SpecOf<Type>>,
  shown?: (spec: SpecOf<Type>) => Shown,
): ServedType {
  return {
    type,
    proto: proto as ProtoSpec<unknown> | undefined,
    ...(shown && { shown: shown as (spec: unknown) => Shown }),
  };
}

export function encodeProtoSpec({ type, proto }: ServedType, key: Key, spec: unknown): Uint8Array {
  if (proto) return proto.encode(spec, key);
  return toBinary(ValueSchema, fromJson(ValueSchema, encodeSpec(type, key, spec) as JsonValue));
}

/** A spec that travelled as google.protobuf.Value, as the store would keep it. */
export function decodeValue(bytes: Uint8Array): Json {
  return toJson(ValueSchema, fromBinary(ValueSchema, bytes));
}
