// Where everything is in etcd, below one prefix, so that clusters can share an etcd and a role can be given the prefix:
//
//   PREFIX/resources/NAMESPACE/TYPE/ID   a document
//   PREFIX/leaders/NAME                  who runs the controller of that name
//   PREFIX/fence                         touched after a write's answer was lost (committer.ts)
//   PREFIX/removal                       the name of the last removal (committer.ts)
import type { Key, Kind } from "../../resource.ts";

/** The keys from `key` up to but without `rangeEnd`; `key` alone when that is empty. */
export interface KeyRange {
  readonly key: Uint8Array;
  readonly rangeEnd: Uint8Array;
}

export interface KeyLayout {
  resource(key: Key): Uint8Array;
  /** The resource that such a key names. */
  parse(resource: Uint8Array): Key;
  kind(kind: Kind): KeyRange;
  leader(name: string): Uint8Array;
  readonly fence: Uint8Array;
  readonly removal: Uint8Array;
  readonly everything: KeyRange;
}

export function keyLayout(prefix: string): KeyLayout {
  const resources = `${prefix}/resources/`;
  const ofKind = ({ namespace, type }: Kind) => `${resources}${escaped(namespace)}/${escaped(type)}/`;
  return {
    resource: (key) => bytes(`${ofKind(key)}${key.id}`),
    parse: (resource) => {
      const [namespace, type, ...id] = text(resource).slice(resources.length).split("/");
      return { namespace: unescaped(namespace!), type: unescaped(type!), id: id.join("/") };
    },
    kind: (kind) => within(bytes(ofKind(kind))),
    leader: (name) => bytes(`${prefix}/leaders/${name}`),
    fence: bytes(`${prefix}/fence`),
    removal: bytes(`${prefix}/removal`),
    everything: within(bytes(`${prefix}/`)),
  };
}

export const only = (key: Uint8Array): KeyRange => ({ key, rangeEnd: new Uint8Array() });

export const includes = ({ key, rangeEnd }: KeyRange, one: Uint8Array): boolean =>
  rangeEnd.length === 0
    ? Buffer.compare(one, key) === 0
    : Buffer.compare(one, key) >= 0 && Buffer.compare(one, rangeEnd) < 0;

/** All keys that begin with these bytes. */
function within(start: Uint8Array): KeyRange {
  const rangeEnd = start.slice();
  // Ends in "/", so there is a next byte.
  rangeEnd[rangeEnd.length - 1]!++;
  return { key: start, rangeEnd };
}

// An id comes last and may hold slashes; a namespace or a type must not look like two.
const escaped = (part: string) => part.replaceAll("%", "%25").replaceAll("/", "%2F");
const unescaped = (part: string) => part.replaceAll("%2F", "/").replaceAll("%25", "%");

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const bytes = (text: string): Uint8Array => encoder.encode(text);
const text = (bytes: Uint8Array) => decoder.decode(bytes);
