// Resources of a node as the State service shows them: by their YAML, whatever their type is.
import { fromBinary } from "@bufbuild/protobuf";
import { timestampDate } from "@bufbuild/protobuf/wkt";
import { parse } from "yaml";
import { type ResourceDefinitionSpec, ResourceDefinitionSpecSchema } from "../api/gen/cosi/meta_pb.js";
import type { Resource as WireResource } from "../api/gen/cosi/resource_pb.js";
import { State } from "../api/gen/cosi/state_pb.js";
import type { Connection } from "./connection.ts";
import { CommandFailed } from "./io.ts";

export interface Resource {
  readonly metadata: Readonly<Record<string, unknown>> & {
    readonly id: string;
    readonly version: bigint | string;
  };
  readonly spec: unknown;
}

const definitionType = "ResourceDefinitions.meta.cosi.dev";

/** What types the node has. */
export async function definitionsOf(connection: Connection, node: string): Promise<ResourceDefinitionSpec[]> {
  const request = { namespace: "meta", type: definitionType };
  return Array.fromAsync(connection.calls(State).list(request, connection.at(node)), ({ resource }) =>
    fromBinary(ResourceDefinitionSpecSchema, resource?.spec?.protoSpec ?? new Uint8Array()),
  );
}

/** The definition of a type that people call by any of its names. */
export async function findDefinition(
  connection: Connection,
  node: string,
  name: string,
): Promise<ResourceDefinitionSpec> {
  const wanted = name.toLowerCase();
  const isCalled = (alias: string) => alias.toLowerCase() === wanted;
  const found = (await definitionsOf(connection, node)).filter(
    ({ resourceType, allAliases }) => isCalled(resourceType) || allAliases.some(isCalled),
  );
  const [only, ...others] = found;
  if (!only)
    throw new CommandFailed(`rpc error: code = NotFound desc = resource "${name}" is not registered`);
  if (others.length > 0) {
    const names = found.map(({ resourceType }) => resourceType).join(", ");
    throw new CommandFailed(`resource type "${name}" is ambiguous: ${names}`);
  }
  return only;
}

export function readResource(wire: WireResource | undefined): Resource {
  const metadata = wire?.metadata;
  if (!wire || !metadata) throw new CommandFailed("the machine sent no resource");
  const { namespace, type, id, version, owner, phase, created, updated } = metadata;
  const { labels, annotations, finalizers } = metadata;
  const date = (at: typeof created) =>
    at
      ? timestampDate(at)
          .toISOString()
          .replace(/\.\d+Z$/, "Z")
      : "";
  return {
    metadata: {
      ...{ namespace, type, id, version: numberOf(version), owner, phase },
      ...{ created: date(created), updated: date(updated) },
      ...(Object.keys(labels).length > 0 && { labels }),
      ...(Object.keys(annotations).length > 0 && { annotations }),
      ...(finalizers.length > 0 && { finalizers }),
    },
    spec: parse(wire.spec?.yamlSpec ?? "") as unknown,
  };
}

/** A version is a number, unless there is none yet. */
const numberOf = (version: string) => (/^\d+$/.test(version) ? BigInt(version) : version);
