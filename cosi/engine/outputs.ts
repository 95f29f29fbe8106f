import { isDeepStrictEqual } from "node:util";
import type { Resource, ResourceType } from "../resource.ts";
import type { State } from "../state.ts";
import { onlyKey } from "./joins.ts";
import type { Mirror } from "./mirror.ts";
import type { Output, OwnedType } from "./owns.ts";
import type { Plan } from "./plan.ts";
import { Relation } from "./relation.ts";
import type { AnyVerdict } from "./verdict.ts";

/** Says on an output with an id of its own for which key it was made, so that it is found again after a restart. */
const madeFor = "cosi.ingot.dev/made-for";

export interface OutputsOptions {
  readonly plan: Plan;
  /** Writes in the controller's name. */
  readonly state: State;
  readonly mirrorOf: (type: ResourceType) => Mirror;
  /** Throws when nothing may be written any more. Asked before every write. */
  readonly guard: () => void;
  readonly onWrite: () => void;
  /** Told of the key of an output that somebody else has changed. */
  readonly onKey: (key: string) => void;
}

type Wanted = ReadonlyMap<string, Output>;

/** What a controller has made: brings it to what a verdict wants, and hears when somebody else touches it. */
export class Outputs implements Disposable {
  readonly #options: OutputsOptions;
  readonly #listening = new DisposableStack();
  /** From each output with an id of its own to the key that it was made for. */
  readonly #made = new Map<OwnedType, Relation>();
  /** The key for which something is being written, while the mirrors tell of it. */
  #writing: string | undefined;

  constructor(options: OutputsOptions) {
    this.#options = options;
    for (const owned of options.plan.owns) {
      const mirror = options.mirrorOf(owned.type);
      const made = new Relation();
      this.#made.set(owned, made);
      for (const resource of mirror.all()) made.set(resource.metadata.id, this.#keysOf(owned, resource));
      this.#listening.use(
        mirror.listen(({ id, before, after }) => {
          const keys = new Set(made.targets(id));
          made.set(id, after ? this.#keysOf(owned, after) : []);
          if (this.#writing !== undefined) return;
          for (const key of made.targets(id)) keys.add(key);
          // Whoever has taken our place, or left it, is of interest too.
          if (owned.make === "same" && (before ?? after)) keys.add(id);
          for (const key of keys) options.onKey(key);
        }),
      );
    }
  }

  /** The key whose own write is being told, while it is. */
  get writing(): string | undefined {
    return this.#writing;
  }

  /** Every key that something was made for. */
  keys(): readonly string[] {
    const { plan, mirrorOf } = this.#options;
    return plan.owns.flatMap((owned) =>
      mirrorOf(owned.type)
        .all()
        .flatMap((resource) => this.#keysOf(owned, resource)),
    );
  }

  /** What was made for one key. */
  of(key: string): readonly Resource[] {
    return this.#options.plan.owns.flatMap((owned) => this.#existing(owned, key));
  }

  /** Makes the outputs what the verdict wants. Resolves to what stands in the way, if anything does. */
  async set(key: string, verdict: AnyVerdict & { do: "set" }): Promise<string | undefined> {
    let obstacle: string | undefined;
    for (const owned of this.#options.plan.owns) {
      const wanted = this.#wanted(owned, key, verdict);
      for (const [id, output] of wanted) obstacle = (await this.#put(owned, key, id, output)) ?? obstacle;
      for (const resource of this.#existing(owned, key)) {
        if (!wanted.has(resource.metadata.id))
          obstacle = (await this.#remove(owned.type, key, resource)) ?? obstacle;
      }
    }
    return obstacle;
  }

  /** Removes everything made for the key. Resolves to what stands in the way, if anything does. */
  async remove(key: string): Promise<string | undefined> {
    let obstacle: string | undefined;
    for (const owned of this.#options.plan.owns) {
      for (const resource of this.#existing(owned, key)) {
        obstacle = (await this.#remove(owned.type, key, resource)) ?? obstacle;
      }
    }
    return obstacle;
  }

  [Symbol.dispose](): void {
    this.#listening.dispose();
  }

  #keysOf({ make, id }: OwnedType, { metadata }: Resource): readonly string[] {
    const { name, each } = this.#options.plan;
    if (metadata.owner !== name) return [];
    if (make === "same") return [metadata.id];
    if (make === "the") return metadata.id === id ? [onlyKey] : [];
    return each ? [metadata.annotations[madeFor] ?? metadata.id] : [onlyKey];
  }

  #existing(owned: OwnedType, key: string): Resource[] {
    const mirror = this.#options.mirrorOf(owned.type);
    return [...this.#made.get(owned)!.sources(key)].flatMap((id) => mirror.get(id) ?? []);
  }

  #wanted({ name, make, id }: OwnedType, key: string, verdict: AnyVerdict & { do: "set" }): Wanted {
    const { bare } = this.#options.plan;
    if (bare && make !== "many") return new Map([[id ?? key, verdict as Output]]);
    const given = bare ? verdict.outputs : verdict.outputs?.[name];
    if (given === undefined) return new Map();
    if (make !== "many") return new Map([[id ?? key, given as Output]]);
    return new Map(Object.entries(given as Readonly<Record<string, Output>>));
  }

  async #put(owned: OwnedType, key: string, id: string, output: Output): Promise<string | undefined> {
    const { plan, state, mirrorOf } = this.#options;
    const { type, make } = owned;
    const draft = {
      spec: output.spec,
      labels: output.labels ?? {},
      annotations: {
        ...output.annotations,
        ...(make === "many" && plan.each ? { [madeFor]: key } : {}),
      },
    };
    let before = mirrorOf(type).get(id);
    if (before && before.metadata.owner !== plan.name) {
      const { owner } = before.metadata;
      throw new Error(
        `Cannot write ${type.type} ${id}: it belongs to ${owner === "" ? "the people who made it" : owner}`,
      );
    }
    if (before && !this.#keysOf(owned, before).includes(key)) {
      throw new Error(
        `Cannot write ${type.type} ${id} for ${key}: it was made for ${this.#keysOf(owned, before)[0]}`,
      );
    }
    if (before?.metadata.phase === "tearingDown") {
      const obstacle = await this.#remove(type, key, before);
      if (obstacle) return obstacle;
      before = undefined;
    }
    if (before === undefined) {
      await this.#write(type, key, () => state.create(type, id, draft));
    } else if (
      !isDeepStrictEqual(before.spec, draft.spec) ||
      !isDeepStrictEqual(before.metadata.labels, draft.labels) ||
      !isDeepStrictEqual(before.metadata.annotations, draft.annotations)
    ) {
      const { version } = before.metadata;
      await this.#write(type, key, () => state.update(type, id, draft, { version }));
    }
    return undefined;
  }

  async #remove(type: ResourceType, key: string, resource: Resource): Promise<string | undefined> {
    const { state, guard, onWrite, mirrorOf } = this.#options;
    const { version } = resource.metadata;
    const leaving =
      resource.metadata.phase === "tearingDown"
        ? resource
        : await this.#write(type, key, () => state.teardown(type, resource.metadata.id, { version }));
    const { id, finalizers } = leaving.metadata;
    if (finalizers.length > 0) {
      return `${finalizers.join(" and ")} ${finalizers.length > 1 ? "have" : "has"} not yet let go of ${type.type} ${id}`;
    }
    guard();
    await state.destroy(type, id, { version: leaving.metadata.version });
    onWrite();
    this.#tell(key, () => mirrorOf(type).forget(leaving));
    return undefined;
  }

  async #write(type: ResourceType, key: string, write: () => Promise<Resource>): Promise<Resource> {
    const { guard, onWrite, mirrorOf } = this.#options;
    guard();
    const written = await write();
    onWrite();
    this.#tell(key, () => mirrorOf(type).observe(written));
    return written;
  }

  #tell(key: string, tell: () => void): void {
    this.#writing = key;
    tell();
    this.#writing = undefined;
  }
}
