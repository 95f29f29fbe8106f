// Reads for one bearer: pages and single resources, and of machines only those that the token is for.
import { equal, type LabelTerm } from "../../cosi/query.ts";
import { encodeSpec } from "../../cosi/spec.ts";
import type { State } from "../../cosi/state.ts";
import { NotFound } from "../../cosi/state-errors.ts";
import type { Document, Store } from "../../cosi/store.ts";
import type { Event } from "../../cosi/watch-events.ts";
import { Machine } from "../resources/machine.ts";
import type { ApiKind } from "./catalog.ts";
import { Problem } from "./problem.ts";
import { parseSelector } from "./selector.ts";
import type { Bearer } from "./tokens.ts";
import { type View, viewOf } from "./view.ts";

export interface Page {
  readonly items: readonly View[];
  /** Where the next page begins; absent on the last one. */
  readonly continue?: string;
  /** From here a watch continues. */
  readonly bookmark: string;
}

const usualPage = 100;
const mostOnPage = 1000;

export class Reader {
  readonly #state: State;
  readonly #store: Store;

  constructor({ state, store }: { readonly state: State; readonly store: Store }) {
    this.#state = state;
    this.#store = store;
  }

  async page(kind: ApiKind, who: Bearer, query: URLSearchParams): Promise<Page> {
    const limit = limitOf(query.get("limit"));
    const after = afterOf(query.get("continue"));
    const { documents, bookmark } = await this.#store.list(kind.type, {
      labels: [...termsOf(query), ...(isMachine(kind) ? scopeTerms(who) : [])],
    });
    const may = await this.#membership(kind, who);
    const found = documents.filter(
      (document) => (after === undefined || document.metadata.id > after) && may(document),
    );
    const shown = found.slice(0, limit);
    const last = shown.at(-1);
    return {
      items: shown.map((document) => viewOf(kind, document)),
      ...(last && found.length > limit && { continue: Buffer.from(last.metadata.id).toString("base64url") }),
      bookmark,
    };
  }

  async one(kind: ApiKind, who: Bearer, id: string): Promise<View> {
    const document = await this.#store.get({ ...kind.type, id });
    if (!document || !(await this.maySee(kind, who, document))) throw new NotFound({ ...kind.type, id });
    return viewOf(kind, document);
  }

  /** Throws as if the machine were not there, where the token is for others. */
  async machine(who: Bearer, id: string) {
    const machine = await this.#state.get(Machine, id);
    if (!fits(machine.metadata.labels, who)) throw new NotFound(machine.metadata);
    return machine;
  }

  async maySee(kind: ApiKind, who: Bearer, { metadata, spec }: Document): Promise<boolean> {
    if (!isScoped(who)) return true;
    if (isMachine(kind)) return fits(metadata.labels, who);
    const machine = kind.machineOf(metadata.id, spec);
    if (machine === undefined) return isForAll(kind);
    const owner = await this.#store.get({ ...Machine, id: machine });
    return owner !== undefined && fits(owner.metadata.labels, who);
  }

  /** An event of a watch as its watcher may see it. */
  async told(kind: ApiKind, who: Bearer, event: Exclude<Event, { type: "bootstrapped" }>) {
    const { metadata, spec } = event.resource;
    const document = { metadata, spec: encodeSpec(kind.type, metadata, spec) };
    return (await this.maySee(kind, who, document)) ? viewOf(kind, document) : undefined;
  }

  async #membership(kind: ApiKind, who: Bearer): Promise<(document: Document) => boolean> {
    if (!isScoped(who) || isMachine(kind)) return () => true;
    const { documents } = await this.#store.list(Machine, { labels: scopeTerms(who) });
    const ours = new Set(documents.map(({ metadata }) => metadata.id));
    return ({ metadata, spec }) => {
      const machine = kind.machineOf(metadata.id, spec);
      return machine === undefined ? isForAll(kind) : ours.has(machine);
    };
  }
}

const isMachine = ({ path }: ApiKind) => path === "machines";
/** Of a kind that belongs to machines, what belongs to none is for those who may see all; so is what admins see. */
const isForAll = ({ machineOf, read }: ApiKind) =>
  read !== "admin" && machineOf("x", { machine: "x" }) === undefined;

export const isScoped = ({ scope }: Bearer) => Object.keys(scope).length > 0;
const scopeTerms = ({ scope }: Bearer): LabelTerm[] =>
  Object.entries(scope).map(([label, value]) => equal(label, value));
const fits = (labels: Readonly<Record<string, string>>, { scope }: Bearer) =>
  Object.entries(scope).every(([label, value]) => labels[label] === value);

export const termsOf = (query: URLSearchParams): LabelTerm[] => parseSelector(query.get("selector") ?? "");

function limitOf(text: string | null): number {
  if (text === null) return usualPage;
  const limit = Number(text);
  if (!Number.isInteger(limit) || limit < 1 || limit > mostOnPage) {
    throw new Problem(400, `limit is a number from 1 to ${mostOnPage}`);
  }
  return limit;
}

function afterOf(text: string | null): string | undefined {
  return text === null ? undefined : Buffer.from(text, "base64url").toString();
}
