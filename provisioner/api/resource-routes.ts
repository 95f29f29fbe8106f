// The routes that every kind has: list and watch, get, and for some put and delete.
import { z } from "zod";
import { mapSecrets } from "../../cosi/secret.ts";
import { encodeSpec } from "../../cosi/spec.ts";
import type { State } from "../../cosi/state.ts";
import type { Json } from "../../cosi/store.ts";
import { labels } from "../resources/labels.ts";
import type { ApiKind } from "./catalog.ts";
import { Problem } from "./problem.ts";
import { isScoped, type Reader } from "./reader.ts";
import type { ApiRequest, Route } from "./route.ts";
import { etagOf, hiddenSecret, viewOf } from "./view.ts";
import type { WatchStreams } from "./watch-stream.ts";

export interface ResourceRoutesOptions {
  readonly state: State;
  readonly reader: Reader;
  readonly streams: WatchStreams;
}

export const root = "/api/v1";

export function resourceRoutes(kind: ApiKind, options: ResourceRoutesOptions): Route[] {
  const { reader, streams, state } = options;
  const { path, name, about, type, read, write } = kind;
  const list: Route = {
    method: "GET",
    path: `${root}/${path}`,
    role: read,
    operation: `${path}.list`,
    about: `${about} All of them, by their ids; as a stream of changes with \`Accept: text/event-stream\`.`,
    query: {
      selector: "labels: a=b, a!=b, a in (b,c), a, !a; all must hold",
      limit: "at most so many, up to 1000",
      continue: "what the page before said",
      after: "for a stream: the bookmark to go on from",
    },
    answers: { schema: name, list: true },
    handle: async (request) => {
      if (request.header("accept")?.includes("text/event-stream")) return streams.answer(kind, request);
      return { body: await reader.page(kind, request.who, request.query) };
    },
  };
  const get: Route = {
    method: "GET",
    path: `${root}/${path}/{id}`,
    role: read,
    operation: `${path}.get`,
    about: `One ${name}.`,
    answers: { schema: name },
    handle: async ({ who, params }) => {
      const view = await reader.one(kind, who, params["id"]!);
      return { body: view, headers: { etag: etagOf(view) } };
    },
  };
  if (write === undefined) return [list, get];
  const body = z.strictObject({ labels: labels.optional(), spec: type.spec });
  const put: Route = {
    method: "PUT",
    path: `${root}/${path}/{id}`,
    role: write,
    operation: `${path}.put`,
    about: `Makes it so. With \`If-Match\` only over that version, with \`If-None-Match: *\` only where there is none.`,
    body,
    answers: { schema: name },
    handle: async (request) => {
      await refuseForeign(kind, reader, request);
      const id = request.params["id"]!;
      const sent = request.body as z.output<typeof body>;
      const wanted = { spec: await withSecrets(kind, state, id, sent.spec), labels: sent.labels ?? {} };
      const version = ifMatch(request);
      const written =
        version !== undefined
          ? await state.update(type, id, wanted, { version })
          : request.header("if-none-match") === "*"
            ? await state.create(type, id, wanted)
            : await state.set(type, id, wanted);
      const { metadata } = written;
      const view = viewOf(kind, { metadata, spec: encodeSpec(type, metadata, written.spec) });
      return { body: view, headers: { etag: etagOf(view) } };
    },
  };
  const remove: Route = {
    method: "DELETE",
    path: `${root}/${path}/{id}`,
    role: write,
    operation: `${path}.delete`,
    about: "Removes it.",
    handle: async (request) => {
      await refuseForeign(kind, reader, request);
      const version = ifMatch(request);
      await state.destroy(type, request.params["id"]!, { ...(version !== undefined && { version }) });
      return { status: 204, body: undefined };
    },
  };
  return [list, get, put, remove];
}

/** What a token for some machines must not change: what belongs to others, or to all. */
async function refuseForeign(kind: ApiKind, reader: Reader, { who, params }: ApiRequest): Promise<void> {
  if (!isScoped(who)) return;
  const machine = kind.machineOf(params["id"]!, {});
  if (machine === undefined) throw new Problem(403, "the token is for some machines, and this is for all");
  await reader.machine(who, machine);
}

/** Whoever sends back what he was shown keeps the secrets that he was not shown. */
async function withSecrets(kind: ApiKind, state: State, id: string, spec: unknown): Promise<unknown> {
  const { type } = kind;
  const key = { ...type, id };
  const sent = encodeSpec(type, key, spec);
  let hides = false;
  mapSecrets(type.spec, sent, (value) => ((hides ||= value === hiddenSecret), value));
  if (!hides) return spec;
  const before = await state.find(type, id);
  if (!before) throw new Problem(422, `"${hiddenSecret}" is no secret, and there is none yet to keep`);
  const kept = encodeSpec(type, key, before.spec);
  const merged = mapSecrets(type.spec, sent, (value, path) =>
    value === hiddenSecret ? at(kept, path) : value,
  );
  return type.spec.parse(merged);
}

const at = (json: Json, path: readonly (string | number)[]): Json =>
  path.reduce<Json>((value, step) => (value as Record<string, Json>)[step] ?? null, json);

/** The version of an `If-Match`; undefined where any will do. */
export function ifMatch({ header }: Pick<ApiRequest, "header">): bigint | undefined {
  const text = header("if-match");
  if (text === undefined || text === "*") return undefined;
  const [, version] = /^"(\d{1,20})"$/.exec(text) ?? [];
  if (version === undefined) throw new Problem(400, "If-Match is not an ETag of this API");
  return BigInt(version);
}
