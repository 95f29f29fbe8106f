import { create, type DescMessage, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { type ServedType, type Shown, servedType } from "../../../../cosi/grpc/served-type.ts";
import type { Key, ResourceType, SpecOf } from "../../../../cosi/resource.ts";

/** A type that upstream's clients decode by its message: what that says of a spec, beside the spec's own YAML. */
export const typed = <Type extends ResourceType, Schema extends DescMessage>(
  type: Type,
  schema: Schema,
  says: (spec: SpecOf<Type>, key: Key) => MessageInitShape<Schema>,
  shown?: (spec: SpecOf<Type>) => Shown,
): ServedType =>
  servedType(type, { encode: (spec, key) => toBinary(schema, create(schema, says(spec, key))) }, shown);

/** A table of the words that upstream has numbers for; `other` is what it calls the rest. */
export const numbers =
  <Number extends number>(words: Readonly<Record<string, Number>>, other: Number) =>
  (word: string): Number =>
    Object.hasOwn(words, word) ? words[word]! : other;
