import type * as z from "zod";

/** The store's revision at a resource's last write. It only grows, and no two incarnations of a resource share one. */
export type Version = bigint;

export type Phase = "running" | "tearingDown";

/** Names one resource. */
export interface Key {
  readonly namespace: string;
  readonly type: string;
  readonly id: string;
}

/** Names all resources of one type in one namespace. */
export interface Kind {
  readonly namespace: string;
  readonly type: string;
}

export interface Metadata extends Key {
  readonly version: Version;
  /** The controller that may change it; empty when people (or the API) may. */
  readonly owner: string;
  readonly phase: Phase;
  /** Who still needs it: a resource being torn down goes only when this is empty. */
  readonly finalizers: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  readonly annotations: Readonly<Record<string, string>>;
  readonly created: Date;
  readonly updated: Date;
}

export interface Resource<Spec = unknown> {
  readonly metadata: Metadata;
  readonly spec: Spec;
}

/** Declares a type of resource: what it is called, what its spec may be, how it is shown. */
export interface ResourceType<Schema extends z.ZodType = z.ZodType> {
  /** `Plural.group.domain`, as COSI names types: `Machines.ingot.dev`. */
  readonly type: string;
  readonly namespace: string;
  readonly spec: Schema;
  readonly aliases: readonly string[];
  /** Columns of a table: heading → JSONPath into the YAML spec, as kubectl writes it. */
  readonly columns: Readonly<Record<string, string>>;
  /** Sensitive types are shown to administrators only. */
  readonly sensitive: boolean;
}

export type SpecOf<Type extends ResourceType> = z.output<Type["spec"]>;
export type ResourceOf<Type extends ResourceType> = Resource<SpecOf<Type>>;

/** The declaration of a resource type, with what is usual left out. */
export function resourceType<Schema extends z.ZodType>(
  declaration: Pick<ResourceType<Schema>, "type" | "namespace" | "spec"> & Partial<ResourceType<Schema>>,
): ResourceType<Schema> {
  return { aliases: [], columns: {}, sensitive: false, ...declaration };
}
