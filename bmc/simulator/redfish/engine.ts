// An emulated Redfish service without its socket: a request in, an answer out, or silence. DSP0266, and how BMCs read it.
import { createHash, timingSafeEqual } from "node:crypto";
import { gzipSync } from "node:zlib";
import { type Privilege, privileges } from "../../bmc.ts";
import type { SimulatedChassis } from "../chassis.ts";
import type { SimulatedUser } from "../furniture.ts";
import type { RedfishQuirks } from "../quirks.ts";
import { unlicensed } from "./boot-property.ts";
import { RedfishMemory } from "./memory.ts";
import { type Answer, refuse, refuseAs } from "./message.ts";
import { type Body, type Caller, isBody, patch, type Resource } from "./resource.ts";
import { type Route, routeOf } from "./routes.ts";

export interface EngineRequest {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** By names in lower case. */
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: Uint8Array;
}

export interface EngineAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

const jsonType = "application/json; charset=utf-8";
/** Where everything is on a BMC that has moved it. */
const movedTo = "/rest/v1";
const pageSize = 2;

export class RedfishEngine {
  readonly #memory: RedfishMemory;
  readonly #chassis: SimulatedChassis;
  readonly #quirks: RedfishQuirks;

  constructor({
    chassis,
    randomBytes,
  }: { chassis: SimulatedChassis; randomBytes: (size: number) => Uint8Array }) {
    this.#memory = new RedfishMemory(chassis, randomBytes);
    this.#chassis = chassis;
    this.#quirks = chassis.quirks.redfish ?? {};
  }

  get openSessions(): number {
    return this.#memory.openSessions;
  }

  /** What is in the virtual drive; for tests. */
  get media(): string | undefined {
    return this.#memory.media;
  }

  get isSilent(): boolean {
    return this.#memory.isSilent;
  }

  /** Undefined: this BMC hangs. */
  receive(request: EngineRequest): EngineAnswer | undefined {
    if (this.#memory.isTired()) return undefined;
    return this.#written(this.#answer(request), request);
  }

  #answer(request: EngineRequest): Answer {
    const [rawPath, query] = splitOnce(request.path, "?");
    const moved = this.#redirect(rawPath, query);
    if (moved) return moved;
    const served = this.#quirks.redirects ? rawPath.replace(movedTo, "/redfish/v1") : rawPath;
    // DSP0266 §7.9: a POST to the list of members is one to their collection.
    const path = request.method === "POST" ? served.replace(/\/Members$/, "") : served;
    if ((request.headers["odata-version"] ?? "4.0") !== "4.0") return refuse("odataVersion");
    const route = routeOf(path);
    const identified = this.#identify(request, route);
    if ("status" in identified) return identified;
    if (this.#memory.isBusy()) return refuseAs(503, "iLO.2.14.NodeBusy", "The BMC is busy.");
    if (!route) return refuse("notFound", path);
    const caller: Caller = { memory: this.#memory, chassis: this.#chassis, ids: route.ids, ...identified };
    return this.#dispatch(request, route.resource, caller, { path, query });
  }

  #redirect(path: string, query: string): Answer | undefined {
    const location = this.#quirks.redirects
      ? path.startsWith("/redfish/v1") && path.replace("/redfish/v1", movedTo)
      : this.#quirks.trailingSlash && !path.endsWith("/") && `${path}/`;
    if (!location) return undefined;
    const status = this.#quirks.redirects ? 308 : 301;
    return { status, headers: { location: query === "" ? location : `${location}?${query}` } };
  }

  /** Who asks; a refusal where somebody has to be known and is not. */
  #identify(
    { method, headers }: EngineRequest,
    route: Route | undefined,
  ): Pick<Caller, "user" | "privilege"> | Answer {
    const { "x-auth-token": token, authorization } = headers;
    const isOpen = method === "POST" ? route?.resource.openPost : route?.resource.open;
    if (isOpen) return { user: "", privilege: "none" };
    if (token !== undefined) {
      const session = this.#memory.sessionOf(token);
      return session ? identityOf(session.user) : challenge("noCredentials");
    }
    if (authorization === undefined) return challenge("noCredentials");
    const user = this.#basicUser(authorization);
    if (!user) return challenge("wrongCredentials");
    return this.#memory.hasRoom() ? identityOf(user) : refuse("noSession");
  }

  #basicUser(authorization: string): SimulatedUser | undefined {
    const [, encoded = ""] = /^Basic (.+)$/i.exec(authorization) ?? [];
    const [name, password] = splitOnce(Buffer.from(encoded, "base64").toString("utf8"), ":");
    return this.#chassis.furniture.users.find(
      (user) => user.name !== "" && user.name === name && user.enabled && isSame(user.password, password),
    );
  }

  #dispatch(
    request: EngineRequest,
    resource: Resource,
    caller: Caller,
    at: { path: string; query: string },
  ): Answer {
    const { method, headers } = request;
    const verbs = verbsOf(resource);
    if (!verbs.includes(method)) return { ...refuse("method"), headers: { allow: verbs.join(", ") } };
    if (new URLSearchParams(at.query).keys().some((name) => name.startsWith("$") && !this.#knows(name)))
      return refuse("notImplemented");
    if (resource.feature && this.#quirks.unlicensed?.includes(resource.feature)) return unlicensed();
    if (method === "GET" || method === "HEAD") return this.#get(headers, resource, caller, at);

    const needs = resource.openPost && method === "POST" ? "none" : (resource.needs ?? "operator");
    if (rankOf(caller.privilege) < rankOf(needs)) return refuse("privilege");
    const refusal = resource.refusal?.(caller);
    if (refusal) return refusal;
    if (resource.waitsForPost && this.#chassis.inPost) return this.#inPost();
    if (method === "DELETE") return resource.delete!(caller, {});

    const parsed = bodyOf(request);
    if ("refusal" in parsed) return parsed.refusal;
    if (method === "PATCH") return this.#patch(headers, resource, caller, parsed.body);
    const answer = resource.post!(caller, parsed.body);
    return answer.status === 503 && this.#chassis.inPost ? this.#inPost() : answer;
  }

  #knows(parameter: string): boolean {
    return parameter === (this.#quirks.pages ? "$skip" : "$expand");
  }

  #inPost(): Answer {
    const { postMessage } = this.#quirks;
    if (postMessage === undefined) return { ...refuse("starting"), headers: { "retry-after": "5" } };
    return refuseAs(503, postMessage, "The server is in POST.");
  }

  #get(
    headers: EngineRequest["headers"],
    resource: Resource,
    caller: Caller,
    { path, query }: { path: string; query: string },
  ): Answer {
    const body = resource.get!(caller);
    if (body === undefined) return refuse("notFound", path);
    if (typeof body === "string")
      return { status: 200, headers: { "content-type": "application/xml" }, body };
    if (body["TaskState"] === "Running" && path.includes("/TaskMonitors/"))
      return { status: 202, headers: { location: path }, body };
    const etag = this.#etagOf(body);
    const described = { etag, allow: verbsOf(resource).join(", "), ...schemaLink(body) };
    if (headers["if-none-match"] === etag) return { status: 304, headers: described };
    const isCollection = Array.isArray(body["Members"]);
    const isPlain = isCollection || !("@odata.id" in body);
    const whole = isCollection ? this.#collection(body, caller, query) : body;
    return { status: 200, headers: described, body: isPlain ? whole : { ...whole, "@odata.etag": etag } };
  }

  /** A page of it, or all with the members in it. */
  #collection(body: Body, caller: Caller, query: string): Body {
    const members = body["Members"] as readonly { readonly "@odata.id": string }[];
    const parameters = new URLSearchParams(query);
    if (this.#quirks.pages) {
      const skip = Number(parameters.get("$skip") ?? 0) || 0;
      const next = skip + pageSize;
      return {
        ...body,
        Members: members.slice(skip, next),
        ...(next < members.length
          ? { "Members@odata.nextLink": `${String(body["@odata.id"])}?$skip=${next}` }
          : {}),
      };
    }
    // DSP0268 has log entries always in their collection.
    const isLog = body["@odata.type"] === "#LogEntryCollection.LogEntryCollection";
    if (!parameters.has("$expand") && !isLog) return body;
    const expanded = members.map(({ "@odata.id": path }) => {
      const route = routeOf(path);
      return route?.resource.get?.({ ...caller, ids: route.ids }) ?? { "@odata.id": path };
    });
    return { ...body, Members: expanded };
  }

  #etagOf(body: Body): string {
    const digest = createHash("sha1").update(JSON.stringify(body)).digest("base64url").slice(0, 12);
    return this.#quirks.weakEtags ? `W/"${digest}"` : `"${digest}"`;
  }

  #patch(headers: EngineRequest["headers"], resource: Resource, caller: Caller, body: Body): Answer {
    const readable = resource.get!(caller);
    if (!isBody(readable)) return refuse("notFound", "resource");
    const etag = this.#etagOf(readable);
    const wanted = headers["if-match"];
    const isMatched = wanted === etag.replace(/^W\//, "") || (wanted === "*" && !this.#quirks.requiresEtag);
    if (wanted === undefined ? this.#quirks.requiresEtag : !isMatched) return refuse("etag");
    return patch(resource.patch!, body, caller, readable);
  }

  #written({ status, headers = {}, body }: Answer, { method }: EngineRequest): EngineAnswer {
    const text = typeof body === "string" ? body : body === undefined ? "" : JSON.stringify(body);
    const bytes = Buffer.from(text);
    const isPacked = this.#quirks.gzip === true && bytes.length > 0;
    const sent = isPacked ? gzipSync(bytes) : bytes;
    return {
      status,
      headers: {
        "odata-version": "4.0",
        "cache-control": "no-cache",
        ...(text === "" ? {} : { "content-type": jsonType }),
        ...(isPacked ? { "content-encoding": "gzip" } : {}),
        "content-length": String(sent.length),
        ...headers,
      },
      body: method === "HEAD" ? new Uint8Array() : sent,
    };
  }
}

const identityOf = ({ name, privilege }: SimulatedUser) => ({ user: name, privilege });
const rankOf = (privilege: Privilege) => privileges.indexOf(privilege);

const challenge = (name: "noCredentials" | "wrongCredentials"): Answer => ({
  ...refuse(name),
  headers: { "www-authenticate": 'Basic realm="emulated BMC"' },
});

/** DSP0266 §8.4: where the schema of a resource is described. */
function schemaLink({ "@odata.type": type }: Body): Readonly<Record<string, string>> {
  const [, name] = /^#([\w.]+)\.\w+$/.exec(String(type)) ?? [];
  return name === undefined
    ? {}
    : { link: `<http://redfish.dmtf.org/schemas/v1/${name}.json>; rel=describedby` };
}

const verbsOf = ({ get, patch, post, delete: remove }: Resource) => [
  ...(get ? ["GET", "HEAD"] : []),
  ...(patch ? ["PATCH"] : []),
  ...(post ? ["POST"] : []),
  ...(remove ? ["DELETE"] : []),
];

function bodyOf({ headers, body }: EngineRequest): { readonly body: Body } | { readonly refusal: Answer } {
  if (body.length === 0) return { body: {} };
  const type = headers["content-type"];
  if (type !== undefined && !/^application\/(.*\+)?json/i.test(type)) return { refusal: refuse("mediaType") };
  try {
    const parsed: unknown = JSON.parse(
      Buffer.from(body.buffer, body.byteOffset, body.length).toString("utf8"),
    );
    if (isBody(parsed)) return { body: parsed };
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
  }
  return { refusal: refuse("malformedJson") };
}

function splitOnce(text: string, separator: string): readonly [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ""] : [text.slice(0, at), text.slice(at + separator.length)];
}

const isSame = (a: string, b: string) => {
  const digest = (text: string) => createHash("sha256").update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
};
