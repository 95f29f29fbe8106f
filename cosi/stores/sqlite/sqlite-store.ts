import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../clock.ts";
import { matches, type Query } from "../../query.ts";
import type { Key, Kind, Version } from "../../resource.ts";
import {
  type Bookmark,
  BookmarkExpired,
  type Change,
  type Document,
  type Draft,
  type Expected,
  type Scope,
  type Snapshot,
  type Store,
  StoreUnavailable,
  VersionConflict,
} from "../../store.ts";
import { candidates } from "./candidates.ts";
import { Checkpoints } from "./checkpoints.ts";
import { Journal, openDatabase, reasonOf } from "./database.ts";
import { DocumentCache } from "./document-cache.ts";
import { encodeDraft } from "./rows.ts";
import {
  type ChangeRow,
  type Head,
  type Listing,
  prepareStatements,
  type Statement,
  type Statements,
} from "./statements.ts";
import { WriteQueue } from "./write-queue.ts";

/** How much a crash may take. "full": nothing acknowledged. "normal": after a power failure, the last moments. */
type Durability = "full" | "normal";

export interface SqliteStoreOptions {
  readonly path: string;
  readonly clock: Pick<Clock, "after" | "elapsedMs">;
  readonly durability?: Durability;
  /** "beside": by a thread of its own, for a process that must always answer soon. */
  readonly checkpoints?: "beside" | "within";
  /** How many changes are kept for those who watch, at least. */
  readonly history?: number;
  /** How soon a watch learns of what another process wrote. What this process writes it learns at once. */
  readonly pollMs?: number;
  /** How long writes wait while another process writes. */
  readonly patienceMs?: number;
}

/** What follows one place in one kind's log. */
interface LogPage {
  readonly kind: string;
  readonly seen: number;
  /** The head it was read at: while that stands, so does the page. */
  readonly revision: number;
  readonly forgotten: number;
  readonly changes: readonly Change[];
  /** The place to read on from. */
  readonly next: number;
  readonly full: boolean;
}

/** How many changes of a log are read at once. */
const page = 1000;
const mostCached = 32_768;

/** Resources in one file: WAL, group commit, a log of changes from which watches replay. */
export class SqliteStore implements Store {
  readonly #database: DatabaseSync;
  readonly #journal: Journal;
  readonly #options: Required<Pick<SqliteStoreOptions, "path" | "clock" | "history" | "pollMs">>;
  readonly #queue: WriteQueue;
  readonly #sql: Statements;
  readonly #life: string;
  readonly #kinds = new Map<string, number>();
  readonly #waiting = new Set<{ readonly kind: string; readonly wake: () => void }>();
  readonly #cache = new DocumentCache(mostCached);
  /** Kinds that the running transaction changes. */
  readonly #changed = new Set<string>();
  #revision = 0;
  #dataVersion: number;
  #lastPage: LogPage | undefined;
  #poll: Disposable | undefined;

  constructor({
    path,
    clock,
    durability = "full",
    checkpoints = "within",
    history = 10_000,
    pollMs = 20,
    patienceMs = 30_000,
  }: SqliteStoreOptions) {
    this.#options = { path, clock, history, pollMs };
    this.#database = openDatabase(path, checkpoints);
    this.#journal = new Journal(path, checkpoints === "beside" ? new Checkpoints(path, clock) : undefined);
    this.#sql = prepareStatements(this.#database);
    this.#life = this.#head().life;
    this.#dataVersion = this.#seenVersion();
    this.#queue = new WriteQueue({
      path,
      database: this.#database,
      clock,
      patienceMs,
      begin: () => void (this.#revision = this.#head().revision),
      end: () => this.#endTransaction(),
      flush: durability === "full" ? () => this.#journal.flush() : undefined,
      committed: () => {
        this.#cache.committed();
        const changed = [...this.#changed];
        this.#changed.clear();
        this.#wake((kind) => changed.includes(kind));
      },
      rolledBack: () => {
        this.#cache.rolledBack();
        this.#changed.clear();
        this.#kinds.clear();
      },
      isRefusal: (error) => error instanceof VersionConflict,
    });
  }

  async get(key: Key): Promise<Document | undefined> {
    return this.#try(() => {
      const kind = this.#kind(key);
      const seen = kind === undefined ? undefined : this.#sql.version.get(kind, key.id);
      const known = seen && this.#cache.find(seen.version);
      const row = known || !seen ? undefined : this.#sql.get.get(kind!, key.id);
      return known ?? (row && this.#cache.read(key, row.version, row.document));
    });
  }

  async list(scope: Scope, query: Query = {}): Promise<Snapshot> {
    const [all, head] = this.#read(() => [this.#candidates(scope, query), this.#head()]);
    const documents = all.filter(({ metadata }) => matches(query, metadata));
    return { documents, bookmark: this.#bookmark(head.revision) };
  }

  put(draft: Draft, expected: Expected): Promise<Document> {
    const { namespace, type, id } = draft.metadata;
    const key = { namespace, type, id };
    const document = encodeDraft(draft);
    const labels = JSON.stringify(draft.metadata.labels);
    return this.#queue.write(() => {
      const kind = this.#makeKind(key);
      const revision = this.#revision + 1;
      if (expected === "absent") this.#create(key, kind, revision, document, labels);
      else this.#update(key, kind, revision, document, labels, expected);
      this.#revision = revision;
      this.#changed.add(nameOf(key));
      return this.#cache.write(key, revision, document);
    });
  }

  remove(key: Key, expected: Version): Promise<void> {
    return this.#queue.write(() => {
      const kind = this.#kind(key);
      const revision = this.#revision + 1;
      if (kind === undefined || this.#sql.logRemove.run(revision, kind, key.id, Number(expected)) === 0) {
        throw this.#conflict(key, expected);
      }
      const { number } = this.#sql.remove.get(kind, key.id)!;
      this.#sql.unlabel.run(number);
      this.#revision = revision;
      this.#changed.add(nameOf(key));
    });
  }

  async *watch(
    scope: Scope,
    after: Bookmark,
    signal: AbortSignal,
  ): AsyncGenerator<readonly Change[], void, undefined> {
    let seen = this.#place(after);
    while (!signal.aborted) {
      const { changes, forgotten, next, full } = this.#logAfter(scope, seen);
      if (forgotten > seen) throw new BookmarkExpired(`Cannot watch ${scope.type} from there: forgotten`);
      seen = next;
      const told =
        "id" in scope ? changes.filter(({ document }) => document.metadata.id === scope.id) : changes;
      if (told.length > 0) yield told;
      else if (!full) await this.#news(scope, seen, signal);
    }
  }

  async rewind(scope: Scope, changes: number): Promise<Bookmark> {
    const place = this.#read(() => {
      const { revision } = this.#head();
      const kind = this.#kind(scope);
      if (changes <= 0 || kind === undefined) return revision;
      const id = "id" in scope ? scope.id : null;
      const { first } = this.#sql.rewind.get(kind, id, id, changes)!;
      return first === null ? revision : first - 1;
    });
    return this.#bookmark(place);
  }

  /** Forgets all changes so far: whoever has not seen them must list again. */
  forget(): Promise<void> {
    return this.#queue.write(() => this.#forgetUntil(this.#revision));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#queue.drained();
    this.#poll?.[Symbol.dispose]();
    await this.#journal[Symbol.asyncDispose]();
    if (this.#database.isOpen) this.#database.close();
    this.#wake(() => true);
  }

  #create(key: Key, kind: number, revision: number, document: string, labels: string): void {
    const created = this.#sql.create.get(kind, key.id, revision, document);
    if (created === undefined) throw this.#conflict(key, "absent");
    this.#sql.logCreate.run(revision, kind, key.id, document);
    if (labels !== "{}") this.#sql.label.run(kind, created.number, labels);
  }

  #update(
    key: Key,
    kind: number,
    revision: number,
    document: string,
    labels: string,
    expected: Version,
  ): void {
    // The comparison is in the statement that writes the log: it copies what is there, if that has the version.
    const logged = this.#sql.logUpdate.get(revision, document, kind, key.id, Number(expected));
    if (logged === undefined) throw this.#conflict(key, expected);
    const { number } = this.#sql.update.get(revision, document, kind, key.id)!;
    if (logged.labels === labels) return;
    this.#sql.unlabel.run(number);
    this.#sql.label.run(kind, number, labels);
  }

  #endTransaction(): void {
    this.#sql.setRevision.run(this.#revision);
    const { history } = this.#options;
    // In bulk, so that a write costs the same on average.
    if (this.#revision - this.#head().forgotten >= history + Math.max(page, history / 10)) {
      this.#forgetUntil(this.#revision - history);
    }
  }

  #forgetUntil(revision: number): void {
    this.#sql.forget.run(revision);
    this.#sql.setForgotten.run(revision);
  }

  #conflict(key: Key, expected: Expected): VersionConflict {
    const kind = this.#kind(key);
    const row = kind === undefined ? undefined : this.#sql.get.get(kind, key.id);
    return new VersionConflict(key, expected, row === undefined ? "absent" : BigInt(row.version));
  }

  /** Documents among which all that the query means are, in the order of ids. */
  #candidates(scope: Scope, { labels, id }: Query): readonly Document[] {
    const kind = this.#kind(scope);
    if (kind === undefined) return [];
    const rowsIn = <Row>(listing: Listing<Row>, one: Statement<Row>) =>
      "id" in scope ? one.all(kind, scope.id) : candidates(listing, kind, labels);
    const { versions, version, rows, get } = this.#sql;
    const known = rowsIn(versions, version).map((row) => this.#cache.find(row.version));
    if (!known.includes(undefined)) return known as Document[];
    return rowsIn(rows, get).flatMap((row) =>
      // A document that is not meant need not be decoded.
      id && !matches({ id }, { id: row.id, labels: {} })
        ? []
        : [this.#cache.read({ ...scope, id: row.id }, row.version, row.document)],
    );
  }

  /** What comes next in a kind's log. Those who watch a kind are mostly at the same place: it is read once for them. */
  #logAfter(scope: Scope, seen: number): LogPage {
    const kind = nameOf(scope);
    const last = this.#lastPage;
    if (last?.kind === kind && last.seen === seen) {
      const { revision, forgotten } = this.#read(() => this.#head());
      if (last.revision === revision && last.forgotten === forgotten) return last;
    }
    const number = this.#kind(scope);
    const [rows, { revision, forgotten }] = this.#read(() => [
      number === undefined ? [] : this.#sql.changes.all(number, seen, page),
      this.#head(),
    ]);
    const changes = rows.map((row) => this.#change(scope, row));
    const full = rows.length === page;
    const next = full ? rows.at(-1)!.revision : revision;
    this.#lastPage = { kind, seen, revision, forgotten, changes, next, full };
    return this.#lastPage;
  }

  #change({ namespace, type }: Scope, { revision, id, document, version, old }: ChangeRow): Change {
    const key = { namespace, type, id };
    const bookmark = this.#bookmark(revision);
    const before = old === null ? undefined : this.#cache.read(key, version!, old);
    if (document === null) return { type: "destroyed", document: before!, bookmark };
    const after = this.#cache.read(key, revision, document);
    if (before === undefined) return { type: "created", document: after, bookmark };
    return { type: "updated", document: after, old: before, bookmark };
  }

  /** Resolves when there may be a change of the scope after `seen`, or the signal aborts. */
  async #news(scope: Scope, seen: number, signal: AbortSignal): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const waiter = { kind: nameOf(scope), wake: resolve };
    const stop = () => resolve();
    signal.addEventListener("abort", stop);
    this.#waiting.add(waiter);
    this.#startPolling();
    // Written by another process since the log was read, and before the poll began.
    if (this.#head().revision > seen) resolve();
    try {
      await promise;
    } finally {
      this.#waiting.delete(waiter);
      signal.removeEventListener("abort", stop);
    }
  }

  #wake(concerns: (kind: string) => boolean): void {
    for (const { kind, wake } of this.#waiting) if (concerns(kind)) wake();
  }

  /**
   * Looks whether another process has written, as long as somebody watches. A look costs 4 µs. (A watch on the
   * journal's file would come too early: the file changes before the commit can be seen.)
   */
  #startPolling(): void {
    this.#poll ??= this.#options.clock.after(this.#options.pollMs, () => {
      this.#poll = undefined;
      if (!this.#database.isOpen) return;
      const version = this.#seenVersion();
      if (version !== this.#dataVersion) {
        this.#dataVersion = version;
        this.#wake(() => true);
      }
      if (this.#waiting.size > 0) this.#startPolling();
    });
  }

  #seenVersion(): number {
    return this.#sql.dataVersion.get()!.data_version;
  }

  #head(): Head {
    return this.#sql.head.get()!;
  }

  /** What several statements say of one moment: other processes write between them otherwise. */
  #read<T>(statements: () => T): T {
    return this.#try(() => {
      this.#sql.begin.run();
      try {
        return statements();
      } finally {
        this.#sql.commit.run();
      }
    });
  }

  #try<T>(read: () => T): T {
    try {
      return read();
    } catch (cause) {
      throw new StoreUnavailable(`read ${this.#options.path}`, reasonOf(this.#database, cause), { cause });
    }
  }

  /** The number of a kind; undefined when there never was a resource of it. */
  #kind(kind: Kind): number | undefined {
    const name = nameOf(kind);
    const known = this.#kinds.get(name);
    if (known !== undefined) return known;
    const row = this.#sql.kind.get(kind.namespace, kind.type);
    if (row !== undefined) this.#kinds.set(name, row.number);
    return row?.number;
  }

  #makeKind(kind: Kind): number {
    const known = this.#kind(kind);
    if (known !== undefined) return known;
    this.#sql.makeKind.run(kind.namespace, kind.type);
    return this.#kind(kind)!;
  }

  #bookmark(revision: number): Bookmark {
    return `${this.#life}.${revision}`;
  }

  #place(bookmark: Bookmark): number {
    const [life, text] = bookmark.split(".");
    const revision = life === this.#life && /^\d{1,15}$/.test(text ?? "") ? Number(text) : Infinity;
    if (revision > this.#read(() => this.#head()).revision) {
      throw new BookmarkExpired("Cannot watch from there: not a bookmark of this store");
    }
    return revision;
  }
}

const nameOf = ({ namespace, type }: Kind) => JSON.stringify([namespace, type]);
