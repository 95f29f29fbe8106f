// What a controller may write. A bare resource type in `owns` means: one output, with the id of the primary.
import type { ResourceType, SpecOf } from "../resource.ts";
import type { The } from "./reads.ts";

/** Any number of outputs for one key. */
export interface Many<Type extends ResourceType = ResourceType> {
  readonly make: "many";
  readonly type: Type;
}
/** A type that several controllers write, each its own resources of it. */
export interface Shared<Of extends ResourceType | Many | The = ResourceType | Many | The> {
  readonly make: "shared";
  readonly of: Of;
}

/** Any number of outputs, under ids of the controller's choice. */
export function many<Type extends ResourceType>(type: Type): Many<Type> {
  return { make: "many", type };
}

/** Says that other controllers write this type too, under other ids: the layers of a configuration. */
export function shared<Of extends ResourceType | Many | The>(of: Of): Shared<Of> {
  return { make: "shared", of };
}

type Unshared = ResourceType | Many | The;
/** What a controller with `each` may own under one name. */
export type EachOwn = ResourceType | Many | Shared<ResourceType> | Shared<Many>;
/** What a controller over whole collections may own under one name. */
export type CollectionOwn = The | Many | Shared<The> | Shared<Many>;
export type Own = Unshared | Shared;

/** One resource as a controller wants it to be. */
export interface Output<Spec = unknown> {
  readonly spec: Spec;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}

/** What a verdict gives for one owned type: an output, or outputs by id. */
export type OutputOf<O> =
  O extends Shared<infer Of>
    ? OutputOf<Of>
    : O extends Many<infer Type>
      ? Readonly<Record<string, Output<SpecOf<Type>>>>
      : O extends The<infer Type>
        ? Output<SpecOf<Type>>
        : O extends ResourceType
          ? Output<SpecOf<O>>
          : never;

/** An owned type as the engine sees it. */
export interface OwnedType {
  readonly name: string;
  readonly type: ResourceType;
  readonly make: "same" | "many" | "the";
  /** The fixed id of `the`. */
  readonly id: string | undefined;
  readonly shared: boolean;
}

export function ownedType(name: string, own: Own, shared = false): OwnedType {
  if ("join" in own) return { name, type: own.type, make: "the", id: own.id, shared };
  if (!("make" in own)) return { name, type: own, make: "same", id: undefined, shared };
  if (own.make === "shared") return ownedType(name, own.of, true);
  return { name, type: own.type, make: "many", id: undefined, shared };
}
