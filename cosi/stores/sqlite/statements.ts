// Every statement the store executes, and the row each gives.
import type { DatabaseSync, SQLInputValue } from "node:sqlite";

export interface Head {
  readonly life: string;
  readonly revision: number;
  readonly forgotten: number;
}
export interface ResourceRow {
  readonly id: string;
  readonly version: number;
  readonly document: string;
}
export interface ChangeRow {
  readonly revision: number;
  readonly id: string;
  /** Null when destroyed. */
  readonly document: string | null;
  /** What was there before; null when created. */
  readonly version: number | null;
  readonly old: string | null;
}
interface Numbered {
  readonly number: number;
}

export interface Statement<Row> {
  get(...values: SQLInputValue[]): Row | undefined;
  all(...values: SQLInputValue[]): Row[];
  /** How many rows it changed. */
  run(...values: SQLInputValue[]): number;
}

export interface Listing<Row> {
  readonly all: Statement<Row>;
  readonly where: (where: string) => Statement<Row>;
  /** With one of some values of a label. */
  readonly labelled: Statement<Row>;
}

export type Statements = ReturnType<typeof prepareStatements>;

export function prepareStatements(database: DatabaseSync) {
  function statement<Row = never>(sql: string): Statement<Row> {
    const prepared = database.prepare(sql);
    return {
      get: (...values) => prepared.get(...values) as Row | undefined,
      all: (...values) => prepared.all(...values) as Row[],
      run: (...values) => Number(prepared.run(...values).changes),
    };
  }
  /** Resources of a kind, in the order of ids. */
  const listing = <Row>(columns: string): Listing<Row> => ({
    all: statement(`SELECT ${columns} FROM resource WHERE kind = ? ORDER BY id`),
    // Prepared for each query: which takes less than a hundredth of what it saves.
    where: (where) => statement(`SELECT ${columns} FROM resource WHERE kind = ? ${where} ORDER BY id`),
    // CROSS JOIN keeps this order: from the labels to the few resources that have them.
    labelled: statement(`
      SELECT ${columns} FROM label CROSS JOIN resource ON resource.number = label.resource
      WHERE label.kind = ? AND name = ? AND value IN (SELECT value FROM json_each(?)) ORDER BY id`),
  });
  return {
    begin: statement("BEGIN"),
    commit: statement("COMMIT"),
    /** Moves when another connection has committed. */
    dataVersion: statement<{ data_version: number }>("PRAGMA data_version"),
    head: statement<Head>("SELECT life, revision, forgotten FROM store"),
    setRevision: statement("UPDATE store SET revision = ?"),

    kind: statement<Numbered>("SELECT number FROM kind WHERE namespace = ? AND type = ?"),
    makeKind: statement("INSERT INTO kind (namespace, type) VALUES (?, ?)"),

    /** Most documents are known: their text is not taken out of the file again. */
    version: statement<Pick<ResourceRow, "version">>(
      "SELECT version FROM resource WHERE kind = ? AND id = ?",
    ),
    get: statement<ResourceRow>("SELECT id, version, document FROM resource WHERE kind = ? AND id = ?"),
    /** Of what is known the version is enough. */
    versions: listing<Pick<ResourceRow, "version">>("version"),
    rows: listing<ResourceRow>("id, version, document"),

    create: statement<Numbered>(`
      INSERT INTO resource (kind, id, version, document) VALUES (?, ?, ?, ?)
      ON CONFLICT DO NOTHING RETURNING number`),
    update: statement<Numbered>(
      "UPDATE resource SET version = ?, document = ? WHERE kind = ? AND id = ? RETURNING number",
    ),
    remove: statement<Numbered>("DELETE FROM resource WHERE kind = ? AND id = ? RETURNING number"),
    label: statement("INSERT INTO label SELECT ?, key, value, ? FROM json_each(?)"),
    unlabel: statement("DELETE FROM label WHERE resource = ?"),

    logCreate: statement("INSERT INTO change (revision, kind, id, document) VALUES (?, ?, ?, ?)"),
    // The comparison: it copies what is there into the log, if that has the expected version.
    logUpdate: statement<{ labels: string }>(`
      INSERT INTO change SELECT ?, kind, id, ?, version, document FROM resource
      WHERE kind = ? AND id = ? AND version = ? RETURNING old ->> '$.labels' AS labels`),
    logRemove: statement(`
      INSERT INTO change SELECT ?, kind, id, NULL, version, document FROM resource
      WHERE kind = ? AND id = ? AND version = ?`),
    changes: statement<ChangeRow>(`
      SELECT revision, id, document, version, old FROM change
      WHERE kind = ? AND revision > ? ORDER BY revision LIMIT ?`),
    rewind: statement<{ first: number | null }>(`
      SELECT min(revision) AS first FROM (SELECT revision FROM change
      WHERE kind = ? AND (? IS NULL OR id = ?) ORDER BY revision DESC LIMIT ?)`),
    forget: statement("DELETE FROM change WHERE revision <= ?"),
    setForgotten: statement("UPDATE store SET forgotten = ?"),
  };
}
