import type { ResourceOf, ResourceType } from "../resource.ts";
import type { CollectionOwn, EachOwn, Own } from "./owns.ts";
import type { CollectionRead, Inputs, Read } from "./reads.ts";
import type { Remove, Verdict, Wait } from "./verdict.ts";

/** What a reconcile is given besides its resources. */
export interface Context {
  /** Aborts when the controller has to stop, or when `timeoutMs` has passed. Hand it to everything that waits. */
  readonly signal: AbortSignal;
  /** How many reconciles of this key have failed in a row. */
  readonly failures: number;
}

/** All a controller has besides what it reads, owns and does. */
interface Conduct {
  /** Also the owner of everything that it writes, and the name of its finalizer. */
  readonly name: string;
  /** How many keys may be reconciled at once. */
  readonly concurrency?: number;
  /** After how long a reconcile is told to stop. */
  readonly timeoutMs?: number;
}

type Reading<One> = Readonly<Record<string, One>> | undefined;
type Owns<One extends Own> = One | Readonly<Record<string, One>> | undefined;
type Soon<T> = T | Promise<T>;

// Conditional types, so that the compiler has worked out what is owned before it looks into the body of a
// reconcile: with plain function types, `power: "on"` in a returned spec widens to string and fits no longer.
type EachReconcile<Each extends ResourceType, Reads, Owned> = Owned extends infer O
  ? (resource: ResourceOf<Each>, inputs: Inputs<Reads>, context: Context) => Soon<Verdict<O>>
  : never;
type EachTeardown<Each extends ResourceType, Reads> = Reads extends infer R
  ? (resource: ResourceOf<Each>, inputs: Inputs<R>, context: Context) => Soon<Remove | Wait>
  : never;
type CollectionReconcile<Reads, Owned> = Owned extends infer O
  ? (inputs: Inputs<Reads>, context: Context) => Soon<Verdict<O>>
  : never;

/** A controller with one key for each resource of its primary type. */
export interface EachController<
  Each extends ResourceType,
  Reads extends Reading<Read<Each>>,
  Owned extends Owns<EachOwn>,
> extends Conduct {
  readonly each: Each;
  readonly reads?: Reads;
  readonly owns?: Owned;

  /** Decides what the outputs for one resource shall be. Safe to repeat: it is run again whenever an input changes. */
  readonly reconcile: EachReconcile<Each, Reads, Owned>;

  /**
   * Undoes what `reconcile` did to the world, once the resource is being torn down; the engine removes the outputs
   * after it. With it, the resource cannot go before it has said `remove`.
   */
  readonly teardown?: EachTeardown<Each, Reads>;
}

/** A controller with one key for everything: it makes collections of collections. */
export interface CollectionController<
  Reads extends Reading<CollectionRead>,
  Owned extends Owns<CollectionOwn>,
> extends Conduct {
  readonly each?: undefined;
  readonly reads?: Reads;
  readonly owns?: Owned;
  readonly reconcile: CollectionReconcile<Reads, Owned>;
  readonly teardown?: undefined;
}

/** Any controller, whatever its types. */
export interface Controller extends Conduct {
  readonly each?: ResourceType | undefined;
  readonly reads?: Reading<Read>;
  readonly owns?: Owns<Own>;
  readonly reconcile: (...parameters: never[]) => unknown;
  readonly teardown?: ((...parameters: never[]) => unknown) | undefined;
}

/** Declares a controller. The engine runs its loop: `reconcile` has no watches, no retries and no sleeps. */
export function controller<
  Each extends ResourceType,
  Reads extends Reading<Read<Each>> = undefined,
  Owned extends Owns<EachOwn> = undefined,
>(declaration: EachController<Each, Reads, Owned>): EachController<Each, Reads, Owned> {
  return declaration;
}

/** Declares a controller over whole collections: it has one key, and runs when anything changes. */
export function collectionController<
  Reads extends Reading<CollectionRead> = undefined,
  Owned extends Owns<CollectionOwn> = undefined,
>(declaration: CollectionController<Reads, Owned>): CollectionController<Reads, Owned> {
  return declaration;
}
