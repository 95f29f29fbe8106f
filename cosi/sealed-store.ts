// Secrets at rest: fields that a schema marks are encrypted before any store sees them.
import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import { frozen } from "./frozen.ts";
import type { KeyRing } from "./key-ring.ts";
import type { Query } from "./query.ts";
import type { Key, Kind, ResourceType, Version } from "./resource.ts";
import { type FieldPath, mapSecrets } from "./secret.ts";
import { fieldPath, nameOf } from "./state-errors.ts";
import {
  type Bookmark,
  type Change,
  type Document,
  type Draft,
  type Expected,
  type Json,
  type Scope,
  type Snapshot,
  type Store,
  type StoreLayer,
  VersionConflict,
} from "./store.ts";

export interface SealedStoreOptions {
  readonly store: Store;
  readonly keys: KeyRing;
  /** Every type that is written through it: what it was not told of it refuses, as it cannot know the secrets. */
  readonly types: readonly ResourceType[];
}

export class SealedStore implements StoreLayer {
  readonly #store: Store;
  readonly #keys: KeyRing;
  readonly #types: ReadonlyMap<string, ResourceType>;
  /** What a store below hands out again and again is opened once. */
  readonly #opened = new WeakMap<Document, Document>();

  constructor({ store, keys, types }: SealedStoreOptions) {
    this.#store = store;
    this.#keys = keys;
    this.#types = new Map(types.map((type) => [kindName(type), type]));
  }

  through(view: (below: Store) => Store): SealedStore {
    return new SealedStore({ store: view(this.#store), keys: this.#keys, types: [...this.#types.values()] });
  }

  async get(key: Key): Promise<Document | undefined> {
    const document = await this.#store.get(key);
    return document && this.#unseal(document);
  }

  async list(scope: Scope, query?: Query): Promise<Snapshot> {
    const { documents, bookmark } = await this.#store.list(scope, query);
    return { documents: documents.map((document) => this.#unseal(document)), bookmark };
  }

  async put(draft: Draft, expected: Expected): Promise<Document> {
    return this.#unseal(await this.#store.put(this.#seal(draft), expected));
  }

  remove(key: Key, expected: Version): Promise<void> {
    return this.#store.remove(key, expected);
  }

  async *watch(
    scope: Scope,
    after: Bookmark,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Change[], void, undefined> {
    for await (const changes of this.#store.watch(scope, after, signal)) {
      yield changes.map((change) => {
        const document = this.#unseal(change.document);
        return change.type === "updated"
          ? { ...change, document, old: this.#unseal(change.old) }
          : { ...change, document };
      });
    }
  }

  rewind(scope: Scope, changes: number): Promise<Bookmark> {
    return this.#store.rewind(scope, changes);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#store[Symbol.asyncDispose]();
  }

  /**
   * Seals everything anew that is not sealed with the newest key, or was written before its field was marked.
   * Safe to repeat and to interrupt: the next run does what is left. Changes in a store's history stay sealed as they
   * were: an old key may go when its history has been forgotten.
   */
  async rewrap(signal: AbortSignal): Promise<{ readonly rewrapped: number; readonly resources: number }> {
    let rewrapped = 0;
    let resources = 0;
    for (const type of this.#types.values()) {
      for (const { metadata } of (await this.#store.list(kindOf(type))).documents) {
        signal.throwIfAborted();
        resources++;
        if (await this.#rewrapOne(metadata)) rewrapped++;
      }
    }
    return { rewrapped, resources };
  }

  /** Whether it was necessary. */
  async #rewrapOne(key: Key): Promise<boolean> {
    for (;;) {
      const stored = await this.#store.get(key);
      if (stored === undefined || this.#isCurrent(stored)) return false;
      try {
        await this.#store.put(this.#seal(this.#unseal(stored)), stored.metadata.version);
        return true;
      } catch (error) {
        if (!(error instanceof VersionConflict)) throw error;
      }
    }
  }

  /** Whether exactly what must be sealed is, with the newest key. */
  #isCurrent({ metadata, spec }: Document): boolean {
    const sealed: string[] = [];
    mapSealed(spec, [], (text, path) => {
      if (parseSealed(text)?.keyId === this.#keys.newest) sealed.push(fieldPath(path));
      else sealed.push("(another key)");
      return null;
    });
    const marked: string[] = [];
    mapSecrets(this.#typeOf(metadata).spec, spec, (_, path) => {
      marked.push(fieldPath(path));
      return null;
    });
    return sealed.sort().join() === marked.sort().join();
  }

  #seal<D extends Draft>(draft: D): D {
    const { metadata, spec } = draft;
    const type = this.#typeOf(metadata);
    refuseReservedName(metadata, spec);
    const sealed = mapSecrets(type.spec, spec, (value, path) => this.#encrypt(metadata, path, value));
    return { ...draft, spec: sealed };
  }

  #unseal(document: Document): Document {
    const known = this.#opened.get(document);
    if (known !== undefined) return known;
    const { metadata } = document;
    const spec = mapSealed(document.spec, [], (text, path) => this.#decrypt(metadata, path, text));
    const opened = spec === document.spec ? document : { metadata, spec };
    if (Object.isFrozen(document)) this.#opened.set(document, frozen(opened));
    return opened;
  }

  #encrypt(key: Key, path: FieldPath, value: Json): Json {
    const { newest, keys } = this.#keys;
    const nonce = randomBytes(nonceBytes);
    const cipher = createCipheriv(algorithm, keys.get(newest)!, nonce);
    cipher.setAAD(boundTo(key, path));
    const text = Buffer.concat([cipher.update(JSON.stringify(value), "utf8"), cipher.final()]);
    return {
      [sealedName]: `${newest}.${Buffer.concat([nonce, text, cipher.getAuthTag()]).toString("base64url")}`,
    };
  }

  #decrypt(key: Key, path: FieldPath, text: string): Json {
    const refuse = (why: string, cause?: unknown) =>
      new Error(`Cannot read ${nameOf(key)}: ${fieldPath(path)} ${why}`, { cause });
    const sealed = parseSealed(text);
    if (sealed === undefined) throw refuse("is not sealed as this program seals");
    const { keyId, bytes } = sealed;
    const secretKey = this.#keys.keys.get(keyId);
    if (secretKey === undefined) {
      const known = [...this.#keys.keys.keys()].join(", ");
      throw refuse(`is sealed with master key ${keyId}, and there are only: ${known}`);
    }
    const decipher = createDecipheriv(algorithm, secretKey, bytes.subarray(0, nonceBytes));
    decipher.setAAD(boundTo(key, path));
    decipher.setAuthTag(bytes.subarray(-tagBytes));
    try {
      const opened = decipher.update(bytes.subarray(nonceBytes, -tagBytes), undefined, "utf8");
      return JSON.parse(opened + decipher.final("utf8")) as Json;
    } catch (cause) {
      throw refuse("was changed in the store, or moved there from another field", cause);
    }
  }

  #typeOf(kind: Kind): ResourceType {
    const type = this.#types.get(kindName(kind));
    if (type !== undefined) return type;
    throw new Error(
      `Cannot store ${kind.type} in ${kind.namespace}: the sealed store was not told of that type`,
    );
  }
}

const algorithm = "aes-256-gcm";
const nonceBytes = 12;
const tagBytes = 16;

/** A sealed field is an object with this one name. */
const sealedName = "$sealed";

const kindName = ({ namespace, type }: Kind) => JSON.stringify([namespace, type]);
const kindOf = ({ namespace, type }: Kind): Kind => ({ namespace, type });

/** What a sealed field is tied to: moved to another field or resource, it does not open. */
const boundTo = ({ namespace, type, id }: Key, path: FieldPath) =>
  Buffer.from(JSON.stringify([namespace, type, id, ...path]));

function parseSealed(text: string): { keyId: string; bytes: Buffer } | undefined {
  const [, keyId, base64] = /^([0-9a-f]+)\.([\w-]+)$/.exec(text) ?? [];
  const bytes = Buffer.from(base64 ?? "", "base64url");
  return keyId === undefined || bytes.length < nonceBytes + tagBytes ? undefined : { keyId, bytes };
}

/** The same JSON with every sealed field replaced; the very same when there is none. */
function mapSealed(json: Json, path: FieldPath, open: (text: string, path: FieldPath) => Json): Json {
  if (json === null || typeof json !== "object") return json;
  if (Array.isArray(json)) {
    const items = json as readonly Json[];
    const mapped = items.map((item, index) => mapSealed(item, [...path, index], open));
    return mapped.every((item, index) => item === items[index]) ? json : mapped;
  }
  const fields = Object.entries<Json>(json as Record<string, Json>);
  if (fields.length === 1 && fields[0]![0] === sealedName && typeof fields[0]![1] === "string") {
    return open(fields[0]![1], path);
  }
  const mapped = fields.map(([name, value]): [string, Json] => [
    name,
    mapSealed(value, [...path, name], open),
  ]);
  return mapped.every(([, value], index) => value === fields[index]![1]) ? json : Object.fromEntries(mapped);
}

/** Text that only looks sealed would be opened when it is read. */
function refuseReservedName(key: Key, json: Json): void {
  mapSealed(json, [], (_, path) => {
    throw new Error(`Cannot write ${nameOf(key)}: ${fieldPath(path)}: the name ${sealedName} is reserved`);
  });
}
