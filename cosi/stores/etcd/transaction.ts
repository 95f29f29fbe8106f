// The words of a transaction, shorter than etcd spells them.
import type { MessageInitShape } from "@bufbuild/protobuf";
import type { KeyValue } from "../../../api/gen/etcd/key_value_pb.js";
import {
  type CompareSchema,
  type RequestOpSchema,
  type ResponseOp,
  Compare_CompareTarget as Target,
} from "../../../api/gen/etcd/kv_pb.js";

type Comparison = MessageInitShape<typeof CompareSchema>;
type Operation = MessageInitShape<typeof RequestOpSchema>;

const targets = { modRevision: Target.MOD, createRevision: Target.CREATE };

/** Holds if the key's revision is this one; a key that is not there has revision 0. */
export const equal = (key: Uint8Array, what: keyof typeof targets, value: bigint): Comparison => ({
  key,
  target: targets[what],
  targetUnion: { case: what, value },
});

export const get = (key: Uint8Array): Operation => ({ request: { case: "requestRange", value: { key } } });

export const put = (key: Uint8Array, value: Uint8Array, lease = 0n): Operation => ({
  request: { case: "requestPut", value: { key, value, lease } },
});

export const remove = (key: Uint8Array): Operation => ({
  request: { case: "requestDeleteRange", value: { key } },
});

/** What a `get` found. */
export const pairOf = ({ response }: ResponseOp): KeyValue | undefined =>
  response.case === "responseRange" ? response.value.kvs[0] : undefined;
