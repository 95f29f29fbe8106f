// A resource as the API shows it: what is stored, without what is secret.
import { frozen } from "../../cosi/frozen.ts";
import { mapSecrets } from "../../cosi/secret.ts";
import type { Document, Json } from "../../cosi/store.ts";
import type { ApiKind } from "./catalog.ts";

export interface View {
  readonly kind: string;
  readonly metadata: {
    readonly id: string;
    /** Grows with every write; also the ETag. */
    readonly version: string;
    readonly phase: "running" | "tearingDown";
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
    readonly created: string;
    readonly updated: string;
  };
  readonly spec: Json;
}

/** In the place of what was written and is never read back. */
export const hiddenSecret = "(secret)";

const views = new WeakMap<Document, { readonly of: ApiKind; readonly view: View }>();

/** Made once of a document that nobody can change: lists show the same ones again and again. */
export function viewOf(kind: ApiKind, document: Document): View {
  const known = views.get(document);
  if (known?.of === kind) return known.view;
  const view = makeView(kind, document);
  if (Object.isFrozen(document)) views.set(document, { of: kind, view: frozen(view) });
  return view;
}

function makeView({ name, type, hidden = [] }: ApiKind, { metadata, spec }: Document): View {
  const { id, version, phase, labels, annotations, created, updated } = metadata;
  return {
    kind: name,
    metadata: {
      id,
      version: String(version),
      phase,
      labels,
      annotations,
      created: created.toISOString(),
      updated: updated.toISOString(),
    },
    spec: without(
      mapSecrets(type.spec, spec, () => hiddenSecret),
      hidden,
    ),
  };
}

function without(spec: Json, hidden: readonly string[]): Json {
  if (hidden.length === 0 || spec === null || typeof spec !== "object") return spec;
  return Object.fromEntries(Object.entries(spec).filter(([name]) => !hidden.includes(name)));
}

export const etagOf = ({ metadata }: View) => `"${metadata.version}"`;
