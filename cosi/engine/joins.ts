import { isDeepStrictEqual } from "node:util";
import type { Resource, ResourceType } from "../resource.ts";
import type { Difference, Mirror } from "./mirror.ts";
import { kindOf, type Plan } from "./plan.ts";
import { type JoinedRead, visible } from "./reads.ts";
import { Relation } from "./relation.ts";

/** The one key of a controller over collections. */
export const onlyKey = "";

export interface JoinsOptions {
  readonly plan: Plan;
  readonly mirrorOf: (type: ResourceType) => Mirror;
  /** Told of every key whose inputs may have changed. */
  readonly onKey: (key: string) => void;
  /** Told when a declared join threw. */
  readonly onBadJoin: (resource: Resource, error: unknown) => void;
}

/** Brings the inputs of a controller to its keys, and their changes too. */
export class Joins implements Disposable {
  readonly #options: JoinsOptions;
  readonly #relations = new Map<JoinedRead, Relation>();
  readonly #mirrors = new Map<JoinedRead, Mirror>();
  readonly #listening = new DisposableStack();

  constructor(options: JoinsOptions) {
    this.#options = options;
    const { plan, mirrorOf } = options;
    const reads = [...plan.reads.values()];
    for (const read of reads) {
      this.#mirrors.set(read, mirrorOf(read.type));
      if (read.join === "named" || read.join === "naming") this.#relations.set(read, new Relation());
    }
    // One listener for each kind: when a type is the primary and an input too, its relations come first.
    const types = new Map(
      [plan.each, ...reads.map(({ type }) => type)].flatMap((type) => (type ? [[kindOf(type), type]] : [])),
    );
    for (const [kind, type] of types) {
      const own = reads.filter((read) => kindOf(read.type) === kind);
      const isPrimary = plan.each !== undefined && kindOf(plan.each) === kind;
      const mirror = mirrorOf(type);
      for (const resource of mirror.all()) this.#relate(own, isPrimary, resource.metadata.id, resource);
      this.#listening.use(mirror.listen((difference) => this.#hear(own, isPrimary, difference)));
    }
  }

  /** Every key there is a primary for. */
  keys(): readonly string[] {
    const { plan, mirrorOf } = this.#options;
    return plan.each
      ? mirrorOf(plan.each)
          .all()
          .map(({ metadata }) => metadata.id)
      : [onlyKey];
  }

  /** The declared inputs of one key, as they are now. */
  inputsOf(key: string): Record<string, unknown> {
    const inputs: Record<string, unknown> = {};
    for (const [name, read] of this.#options.plan.reads) inputs[name] = this.#read(read, key);
    return inputs;
  }

  [Symbol.dispose](): void {
    this.#listening.dispose();
  }

  #read(read: JoinedRead, key: string): unknown {
    const mirror = this.#mirrors.get(read)!;
    const one = (id: string | undefined) => {
      const resource = id === undefined ? undefined : mirror.get(id);
      return visible(read, resource) ? resource : undefined;
    };
    switch (read.join) {
      case "same":
        return one(key);
      case "the":
        return one(read.id);
      case "named":
        return one([...this.#relations.get(read)!.targets(key)][0]);
      case "naming":
        return [...this.#relations.get(read)!.sources(key)].sort().flatMap((id) => one(id) ?? []);
      case "all":
        return mirror.all().filter((resource) => visible(read, resource));
    }
  }

  #hear(reads: readonly JoinedRead[], isPrimary: boolean, difference: Difference): void {
    const { id, after } = difference;
    const keys = new Set<string>();
    // Whom it named before must hear of it as much as whom it names now.
    for (const read of reads)
      if (matters(read, difference)) for (const key of this.#keysOf(read, id)) keys.add(key);
    this.#relate(reads, isPrimary, id, after);
    for (const read of reads)
      if (matters(read, difference)) for (const key of this.#keysOf(read, id)) keys.add(key);
    if (isPrimary && !onlyFinalizers(difference)) keys.add(id);
    for (const key of keys) this.#options.onKey(key);
  }

  #keysOf(read: JoinedRead, id: string): Iterable<string> {
    switch (read.join) {
      case "same":
        return [id];
      case "named":
        return this.#relations.get(read)!.sources(id);
      case "naming":
        return this.#relations.get(read)!.targets(id);
      case "all":
        return this.keys();
      case "the":
        return id === read.id ? this.keys() : [];
    }
  }

  /** Keeps the relations that this resource takes part in, as the one that names. */
  #relate(
    reads: readonly JoinedRead[],
    isPrimary: boolean,
    id: string,
    resource: Resource | undefined,
  ): void {
    for (const [read, relation] of this.#relations) {
      if (read.join === "naming" && reads.includes(read)) {
        relation.set(id, resource ? this.#try(resource, () => read.ids(resource as never)) : []);
      } else if (read.join === "named" && isPrimary) {
        const names = resource ? this.#try(resource, () => [read.nameIn(resource as never)]) : [];
        relation.set(
          id,
          names.filter((name) => name !== undefined),
        );
      }
    }
  }

  #try<T>(resource: Resource, join: () => readonly T[]): readonly T[] {
    try {
      return join();
    } catch (error) {
      this.#options.onBadJoin(resource, error);
      return [];
    }
  }
}

function matters(read: JoinedRead, difference: Difference): boolean {
  const { before, after } = difference;
  return (visible(read, before) || visible(read, after)) && !onlyFinalizers(difference);
}

/** Who still needs a running resource is nobody's input: it would have every controller wake all the others. */
function onlyFinalizers({ before, after }: Difference): boolean {
  if (before === undefined || after === undefined) return false;
  const [old, now] = [before.metadata, after.metadata];
  return (
    now.phase === "running" &&
    old.phase === "running" &&
    !isDeepStrictEqual(old.finalizers, now.finalizers) &&
    isDeepStrictEqual(old.labels, now.labels) &&
    isDeepStrictEqual(old.annotations, now.annotations) &&
    isDeepStrictEqual(before.spec, after.spec)
  );
}
