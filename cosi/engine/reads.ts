// What a controller may look at. A bare resource type in `reads` means: the one with the same id.
import type { Resource, ResourceOf, ResourceType } from "../resource.ts";

interface Common<Type extends ResourceType> {
  readonly type: Type;
  /** Whether it is still to be seen while it is being torn down. Usually what is leaving counts as gone. */
  readonly leaving: boolean;
}

export interface Same<Type extends ResourceType = ResourceType> extends Common<Type> {
  readonly join: "same";
}
export interface Named<Type extends ResourceType = ResourceType, By extends ResourceType = never>
  extends Common<Type> {
  readonly join: "named";
  readonly by: By;
  /** Also what ties the read to its primary's type: as a property, it is compared strictly. */
  readonly nameIn: (primary: ResourceOf<By>) => string | undefined;
}
export interface Naming<Type extends ResourceType = ResourceType> extends Common<Type> {
  readonly join: "naming";
  ids(other: ResourceOf<Type>): readonly string[];
}
export interface All<Type extends ResourceType = ResourceType> extends Common<Type> {
  readonly join: "all";
}
export interface The<Type extends ResourceType = ResourceType> extends Common<Type> {
  readonly join: "the";
  readonly id: string;
}

export interface ReadOptions {
  readonly leaving?: boolean;
}

/** The resource with the primary's id. */
export function same<Type extends ResourceType>(type: Type, options: ReadOptions = {}): Same<Type> {
  return { join: "same", type, leaving: false, ...options };
}

/** The one that the primary names: `namedBy(Machine, Profile, (machine) => machine.spec.profile)`. */
export function namedBy<By extends ResourceType, Type extends ResourceType>(
  by: By,
  type: Type,
  nameIn: (primary: ResourceOf<By>) => string | undefined,
  options: ReadOptions = {},
): Named<Type, By> {
  return { join: "named", by, type, nameIn, leaving: false, ...options };
}

/** All those that name the primary: install events name their machine. In the order of their ids. */
export function naming<Type extends ResourceType>(
  type: Type,
  ids: (other: ResourceOf<Type>) => readonly string[],
  options: ReadOptions = {},
): Naming<Type> {
  return { join: "naming", type, ids, leaving: false, ...options };
}

/** The whole collection, in the order of ids. Any change in it has every key reconciled. */
export function all<Type extends ResourceType>(type: Type, options: ReadOptions = {}): All<Type> {
  return { join: "all", type, leaving: false, ...options };
}

/** The single resource with a fixed id. A change of it has every key reconciled. */
export function the<Type extends ResourceType>(type: Type, id: string, options: ReadOptions = {}): The<Type> {
  return { join: "the", type, id, leaving: false, ...options };
}

export type CollectionRead = All | The;
/** What a controller with `each` may read under one name. */
export type Read<Each extends ResourceType = ResourceType> =
  | ResourceType
  | Same
  | Named<ResourceType, Each>
  | Naming
  | CollectionRead;
/** A read as the engine sees it. */
export type JoinedRead = Exclude<Read, ResourceType>;

type Input<R> = R extends ResourceType
  ? ResourceOf<R> | undefined
  : R extends { readonly join: infer Join; readonly type: infer Type extends ResourceType }
    ? Join extends "naming" | "all"
      ? readonly ResourceOf<Type>[]
      : ResourceOf<Type> | undefined
    : never;

/** What `reconcile` is given for what was declared. */
export type Inputs<Reads> = Reads extends undefined
  ? object
  : { readonly [Name in keyof Reads]: Input<Reads[Name]> };

export const joined = (read: Read): JoinedRead => ("join" in read ? read : same(read));

/** Whether a resource is to be seen at all through this read. */
export const visible = (read: JoinedRead, resource: Resource | undefined): resource is Resource =>
  resource !== undefined && (read.leaving || resource.metadata.phase === "running");
