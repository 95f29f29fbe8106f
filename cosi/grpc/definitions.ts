// The resources that describe resources: what `get` looks a type up in, by any of its aliases.
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import * as z from "zod";
import {
  NamespaceSpecSchema,
  ResourceDefinitionSpecSchema,
  ResourceDefinitionSpec_Sensitivity as Sensitivity,
} from "../../api/gen/cosi/meta_pb.js";
import { type ResourceType, resourceType, type SpecOf } from "../resource.ts";
import type { State } from "../state.ts";
import { NotFound } from "../state-errors.ts";
import { type ServedType, servedType } from "./served-type.ts";

const metaNamespace = "meta";
/** Who owns what is in it. */
const metaOwner = "meta";

export const ResourceDefinition = resourceType({
  type: "ResourceDefinitions.meta.cosi.dev",
  namespace: metaNamespace,
  aliases: ["api-resources"],
  columns: { Aliases: "{.aliases[:]}" },
  // The names are those that upstream's YAML has.
  spec: z.object({
    type: z.string(),
    displayType: z.string(),
    defaultNamespace: z.string(),
    aliases: z.array(z.string()),
    allAliases: z.array(z.string()),
    printColumns: z.array(z.object({ name: z.string(), jsonPath: z.string() })),
    sensitivity: z.literal("sensitive").optional(),
  }),
});

export const Namespace = resourceType({
  type: "Namespaces.meta.cosi.dev",
  namespace: metaNamespace,
  aliases: ["ns"],
  spec: z.object({ description: z.string() }),
});

/** The two types that describe all types, as the State service must know them. */
export const metaTypes: readonly ServedType[] = [
  servedType(ResourceDefinition, {
    encode: ({ type, sensitivity, ...same }) =>
      toBinary(
        ResourceDefinitionSpecSchema,
        create(ResourceDefinitionSpecSchema, {
          ...same,
          resourceType: type,
          sensitivity: sensitivity ? Sensitivity.SENSITIVE : Sensitivity.NON_SENSITIVE,
        }),
      ),
    decode: (bytes) => {
      const { resourceType, displayType, defaultNamespace, aliases, allAliases, printColumns, sensitivity } =
        fromBinary(ResourceDefinitionSpecSchema, bytes);
      return {
        type: resourceType,
        displayType,
        defaultNamespace,
        aliases,
        allAliases,
        printColumns: printColumns.map(({ name, jsonPath }) => ({ name, jsonPath })),
        ...(sensitivity === Sensitivity.SENSITIVE && { sensitivity: "sensitive" as const }),
      };
    },
  }),
  servedType(Namespace, {
    encode: (spec) => toBinary(NamespaceSpecSchema, create(NamespaceSpecSchema, spec)),
    decode: (bytes) => ({ description: fromBinary(NamespaceSpecSchema, bytes).description }),
  }),
];

/** What a type's definition says of it. */
export function define({
  type,
  namespace,
  aliases,
  columns,
  sensitive,
}: ResourceType): SpecOf<typeof ResourceDefinition> {
  const [plural = "", ...suffix] = type.split(".");
  const displayType = singular(plural);
  const initials = plural.replaceAll(/[^A-Z]/g, "");
  const short = [...aliases, displayType.toLowerCase()];
  if (initials.length > 1) {
    short.push(initials.toLowerCase());
    if (!initials.endsWith("S")) short.push(`${initials.toLowerCase()}s`);
  }
  // `machines`, `machines.ingot`, … up to, but without, the whole name: that is the id.
  const prefixes = suffix.map((_, length) => [plural.toLowerCase(), ...suffix.slice(0, length)].join("."));
  return {
    type,
    displayType,
    defaultNamespace: namespace,
    aliases: short,
    allAliases: [...prefixes, ...short],
    printColumns: Object.entries(columns).map(([name, jsonPath]) => ({ name, jsonPath })),
    ...(sensitive && { sensitivity: "sensitive" as const }),
  };
}

/** Brings the definitions to what the types say, and the namespaces; those of types that are no more go. */
export async function describeTypes(
  state: State,
  types: readonly ServedType[],
  namespaces: Readonly<Record<string, string>>,
): Promise<void> {
  const meta = state.as(metaOwner);
  const definitions = new Map(
    [...metaTypes, ...types].map(({ type }) => [type.type.toLowerCase(), define(type)]),
  );
  const spaces = { [metaNamespace]: "What resources there are.", ...namespaces };
  for (const [id, spec] of definitions) await meta.set(ResourceDefinition, id, { spec });
  for (const [id, description] of Object.entries(spaces)) {
    await meta.set(Namespace, id, { spec: { description } });
  }
  await keepOnly(meta, ResourceDefinition, new Set(definitions.keys()));
  await keepOnly(meta, Namespace, new Set(Object.keys(spaces)));
}

async function keepOnly(meta: State, type: ResourceType, ids: ReadonlySet<string>): Promise<void> {
  const { resources } = await meta.list(type);
  for (const { metadata } of resources.filter(({ metadata }) => !ids.has(metadata.id))) {
    await meta.destroy(type, metadata.id).catch((error: unknown) => {
      if (!(error instanceof NotFound)) throw error;
    });
  }
}

/** Types are named in the plural. The singulars are upstream's, `Cach` included: people have learned its aliases. */
const irregular: readonly (readonly [RegExp, string])[] = [
  [/ies$/, "y"],
  [/(ss|sh|ch|x|z)es$/, "$1"],
  [/(us|is)es$/, "$1"],
  [/s$/, ""],
];

function singular(plural: string): string {
  const [ending, replacement] = irregular.find(([ending]) => ending.test(plural)) ?? [];
  return ending === undefined ? plural : plural.replace(ending, replacement!);
}
