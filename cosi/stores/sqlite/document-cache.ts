import { frozen } from "../../frozen.ts";
import type { Key } from "../../resource.ts";
import type { Document } from "../../store.ts";
import { decodeRow } from "./rows.ts";

/**
 * Documents by the revision that wrote them, which is never used twice: what has not changed is not decoded again, and
 * whoever reads it gets the very same. Bounded: what nobody asked for in a while is forgotten.
 */
export class DocumentCache {
  readonly #most: number;
  #young = new Map<number, Document>();
  #old = new Map<number, Document>();
  /** By the running transaction; if it fails, its revisions are given to other writes. */
  #written: Document[] = [];

  /** Up to twice as many as `most` are kept. */
  constructor(most: number) {
    this.#most = most;
  }

  /** The document that was written then, where it is known. */
  find(revision: number): Document | undefined {
    const young = this.#young.get(revision);
    if (young !== undefined) return young;
    const old = this.#old.get(revision);
    if (old !== undefined) this.#keep(revision, old);
    return old;
  }

  /** The document of a row that was read. */
  read(key: Key, revision: number, text: string): Document {
    const known = this.find(revision);
    if (known !== undefined) return known;
    const document = frozen(decodeRow(key, BigInt(revision), text));
    this.#keep(revision, document);
    return document;
  }

  /** The document that the running transaction writes. */
  write(key: Key, revision: number, text: string): Document {
    const document = frozen(decodeRow(key, BigInt(revision), text));
    this.#written.push(document);
    return document;
  }

  committed(): void {
    for (const document of this.#written) this.#keep(Number(document.metadata.version), document);
    this.#written = [];
  }

  rolledBack(): void {
    this.#written = [];
  }

  #keep(revision: number, document: Document): void {
    this.#young.set(revision, document);
    if (this.#young.size < this.#most) return;
    this.#old = this.#young;
    this.#young = new Map();
  }
}
