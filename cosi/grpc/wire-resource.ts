// Resources, ours and the wire's.
import { create } from "@bufbuild/protobuf";
import { timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import { parse, stringify } from "yaml";
import { ResourceSchema, type Resource as WireResource } from "../../api/gen/cosi/resource_pb.js";
import { GrpcError } from "../../api/grpc/error.ts";
import type { Kind, Metadata, Phase, Resource } from "../resource.ts";
import { decodeDocument, encodeSpec } from "../spec.ts";
import type { Json } from "../store.ts";
import { decodeValue, encodeProtoSpec, type ServedType } from "./served-type.ts";

/** What a resource has for a version before its first write. */
const undefinedVersion = "undefined";

export function encodeResource(served: ServedType, { metadata, spec }: Resource): WireResource {
  const { version, labels, annotations, finalizers, created, updated, ...plain } = metadata;
  const shown = served.shown?.(spec);
  return create(ResourceSchema, {
    metadata: {
      ...plain,
      version: version.toString(),
      labels: { ...labels },
      annotations: { ...annotations, ...shown?.annotations },
      finalizers: [...finalizers],
      created: timestampFromDate(created),
      updated: timestampFromDate(updated),
    },
    spec: {
      protoSpec: encodeProtoSpec(served, metadata, spec),
      yamlSpec: encodeYaml(shown?.yaml ?? encodeSpec(served.type, metadata, spec)),
    },
  });
}

/** Stands where an event has no resource: clients refuse one without metadata, phase and spec. */
export function tombstone(kind: Kind, id = ""): WireResource {
  const epoch = { seconds: 0n };
  return create(ResourceSchema, {
    metadata: { ...kind, id, version: undefinedVersion, phase: "running", created: epoch, updated: epoch },
    spec: {},
  });
}

/** What a client sent, checked against the type's schema. */
export function decodeResource({ type, proto }: ServedType, wire: WireResource): Resource {
  const metadata = decodeMetadata(wire);
  const { protoSpec, yamlSpec } = wire.spec!;
  if (proto?.decode && protoSpec.length > 0) {
    return decodeDocument(type, { metadata, spec: encodeSpec(type, metadata, proto.decode(protoSpec)) });
  }
  return decodeDocument(type, {
    metadata,
    spec: yamlSpec === "" && !proto ? decodeValue(protoSpec) : decodeYaml(yamlSpec),
  });
}

function decodeMetadata({ metadata, spec }: WireResource): Metadata {
  if (!metadata || !spec) throw new GrpcError("invalidArgument", "the resource has no metadata or no spec");
  const { namespace, type, id, version, owner, phase, labels, annotations, finalizers } = metadata;
  if (phase !== "running" && phase !== "tearingDown") {
    throw new GrpcError("invalidArgument", `the resource has an unknown phase: "${phase}"`);
  }
  if (version !== undefinedVersion && !/^\d{1,20}$/.test(version)) {
    throw new GrpcError("invalidArgument", `the resource's version is no number: "${version}"`);
  }
  return {
    namespace,
    type,
    id,
    version: version === undefinedVersion ? 0n : BigInt(version),
    owner,
    phase: phase satisfies Phase,
    labels,
    annotations,
    finalizers,
    created: metadata.created ? timestampDate(metadata.created) : new Date(0),
    updated: metadata.updated ? timestampDate(metadata.updated) : new Date(0),
  };
}

/** Quoted as YAML 1.1 needs it: Go's parser takes a bare `on` for a boolean and `2026-01-01` for a time. */
const encodeYaml = (spec: Json) => stringify(spec, { version: "1.1", indent: 4, lineWidth: 0 });

function decodeYaml(text: string): Json {
  try {
    return parse(text) as Json;
  } catch (cause) {
    throw new GrpcError("invalidArgument", `the spec is no YAML: ${String(cause)}`, { cause });
  }
}
