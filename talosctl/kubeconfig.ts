// Putting one kubeconfig into another.
import { parse, stringify } from "yaml";
import { CommandFailed } from "./io.ts";

const kinds = { clusters: "cluster", users: "user", contexts: "context" } as const;
type Kind = keyof typeof kinds;

type Named = Readonly<Record<string, unknown>> & { readonly name: string };

type Kubeconfig = Readonly<Partial<Record<Kind, readonly Named[] | null>>> &
  Readonly<Record<string, unknown>>;

export interface MergeOptions {
  /** Takes the place of what has the same name; otherwise the newer gets another name. */
  readonly force: boolean;
  readonly contextName?: string | undefined;
}

/** What the file says with the new contexts in it, of which the last is the current one, and what they had to be renamed to. */
export function mergeKubeconfig(
  into: string,
  text: string,
  { force, contextName }: MergeOptions,
): { readonly text: string; readonly renamed: readonly string[] } {
  const old = read(into);
  const added = read(text);
  const clusters = named("clusters", old, added, force);
  // A user and a context are called after their cluster, and follow its name.
  const users = named("users", old, added, force, clusters);
  const contexts = contextName
    ? new Map((added.contexts ?? []).map(({ name }) => [name, contextName]))
    : named("contexts", old, added, force, users);
  const renamedContexts = (added.contexts ?? []).map((it) => {
    const context = it["context"] as { readonly cluster?: string; readonly user?: string };
    const { cluster = "", user = "" } = context;
    return { ...it, context: { ...context, cluster: clusters.get(cluster), user: users.get(user) } };
  });
  const merged = {
    ...old,
    clusters: put(old.clusters, added.clusters, clusters),
    users: put(old.users, added.users, users),
    contexts: put(old.contexts, renamedContexts, contexts),
    "current-context": [...contexts.values()].at(-1) ?? old["current-context"],
  };
  const renamed = Object.entries({ clusters, users, contexts }).flatMap(([kind, names]) =>
    [...names]
      .filter(([from, to]) => from !== to)
      .map(([from, to]) => `renamed ${kinds[kind as Kind]} "${from}" -> "${to}"`),
  );
  return { text: stringify(merged, { lineWidth: 0 }), renamed };
}

function read(text: string): Kubeconfig {
  const content: unknown = parse(text) ?? {};
  if (typeof content !== "object" || (content as Kubeconfig)["kind"] === undefined)
    throw new CommandFailed("Cannot merge the kubeconfig: it is none");
  return content as Kubeconfig;
}

/** The names that the new ones get beside the old ones. What is the same keeps its name. */
function named(
  kind: Kind,
  old: Kubeconfig,
  added: Kubeconfig,
  force: boolean,
  renamed: ReadonlyMap<string, string> = new Map(),
): Map<string, string> {
  const before = new Map((old[kind] ?? []).map((it) => [it.name, it]));
  return new Map(
    (added[kind] ?? []).map((it) => {
      const wanted = [...renamed].reduce((name, [from, to]) => name.replaceAll(from, to), it.name);
      const there = before.get(wanted);
      const isFree = there === undefined || force || sameContent(kind, there, it);
      return [it.name, isFree ? wanted : freeName(wanted, before)];
    }),
  );
}

const sameContent = (kind: Kind, a: Named, b: Named) =>
  JSON.stringify(a[kinds[kind]]) === JSON.stringify(b[kinds[kind]]);

function freeName(wanted: string, taken: ReadonlyMap<string, unknown>): string {
  let number = 1;
  while (taken.has(`${wanted}-${number}`)) number += 1;
  return `${wanted}-${number}`;
}

function put(
  old: readonly Named[] | null | undefined,
  added: readonly Named[] | null | undefined,
  names: ReadonlyMap<string, string>,
): Named[] {
  const all = new Map((old ?? []).map((it) => [it.name, it]));
  for (const it of added ?? []) {
    const name = names.get(it.name) ?? it.name;
    all.set(name, { ...it, name });
  }
  return [...all.values()];
}
