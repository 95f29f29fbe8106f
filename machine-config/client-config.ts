import { parse, stringify } from "yaml";
import * as z from "zod";

/** How to reach one cluster's machines, and as whom. */
const context = z.object({
  /** An older name for one endpoint. */
  target: z.string().optional(),
  endpoints: z.array(z.string()).nullish(),
  nodes: z.array(z.string()).optional(),
  ca: z.string().optional(),
  crt: z.string().optional(),
  key: z.string().optional(),
  auth: z
    .object({
      basic: z.object({ username: z.string(), password: z.string() }).optional(),
      siderov1: z.object({ identity: z.string() }).optional(),
    })
    .optional(),
  cluster: z.string().optional(),
  "proxy-url": z.string().optional(),
});

const file = z.object({
  context: z.string().nullish(),
  contexts: z.record(z.string(), context).nullish(),
});

export type ClientContext = Omit<z.output<typeof context>, "target" | "endpoints"> & {
  readonly endpoints: readonly string[];
};

/** A talosconfig: contexts by name, and the one that is meant when none is named. */
export interface ClientConfig {
  /** Empty when none is chosen. */
  readonly context: string;
  readonly contexts: Readonly<Record<string, ClientContext>>;
}

export const emptyClientConfig: ClientConfig = { context: "", contexts: {} };

/** Reads a talosconfig. Fields that we do not know are dropped, as other clients do. */
export function parseClientConfig(text: string): ClientConfig {
  const { data, error } = file.safeParse(read(text) ?? {});
  if (!data) {
    const faults = error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
    throw new Error(`Cannot read client config: ${faults.join("; ")}`, { cause: error });
  }
  const contexts = Object.entries(data.contexts ?? {}).map(([name, { target, endpoints, ...rest }]) => {
    return [name, { endpoints: [...(endpoints ?? []), ...(target ? [target] : [])], ...rest }] as const;
  });
  return { context: data.context ?? "", contexts: Object.fromEntries(contexts) };
}

function read(text: string): unknown {
  try {
    return parse(text, { maxAliasCount: 0 });
  } catch (cause) {
    throw new Error(`Cannot read client config: ${(cause as Error).message}`, { cause });
  }
}

/** The file's text. It holds a key: whoever writes it keeps it from others (mode 0600). */
export const clientConfigText = (config: ClientConfig): string =>
  stringify(config, { indent: 4, lineWidth: 0 });

export interface Rename {
  readonly from: string;
  readonly to: string;
}

/** `added`'s contexts beside `config`'s. A name that is taken gets a number; what `added` chose is chosen. */
export function mergeClientConfigs(config: ClientConfig, added: ClientConfig) {
  const contexts = new Map(Object.entries(config.contexts));
  const renames: Rename[] = [];
  const names = new Map<string, string>();
  for (const [from, context] of Object.entries(added.contexts)) {
    const to = freeName(from, contexts);
    if (to !== from) renames.push({ from, to });
    names.set(from, to);
    contexts.set(to, context);
  }
  return {
    config: { context: names.get(added.context) ?? config.context, contexts: Object.fromEntries(contexts) },
    renames,
  };
}

function freeName(name: string, taken: ReadonlyMap<string, unknown>): string {
  if (!taken.has(name)) return name;
  let number = 1;
  while (taken.has(`${name}-${number}`)) number += 1;
  return `${name}-${number}`;
}
