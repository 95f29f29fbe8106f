// Documents as rows hold them.
import type { Key, Metadata, Version } from "../../resource.ts";
import type { Document, Draft, Json } from "../../store.ts";

/** What is not in columns. */
interface Stored extends Pick<Metadata, "owner" | "phase" | "finalizers" | "labels" | "annotations"> {
  readonly created: string;
  readonly updated: string;
  readonly spec: Json;
}

export function encodeDraft({ metadata, spec }: Draft): string {
  const { owner, phase, finalizers, labels, annotations, created, updated } = metadata;
  const stored: Stored = {
    ...{ owner, phase, finalizers, labels, annotations },
    ...{ created: created.toISOString(), updated: updated.toISOString() },
    spec,
  };
  return JSON.stringify(stored);
}

export function decodeRow({ namespace, type, id }: Key, version: Version, document: string): Document {
  const { spec, created, updated, ...metadata } = JSON.parse(document) as Stored;
  return {
    metadata: {
      ...{ namespace, type, id },
      ...{ version, ...metadata },
      ...{ created: new Date(created), updated: new Date(updated) },
    },
    spec,
  };
}
