// What a registry wants before it answers: WWW-Authenticate (RFC 9110 §11.6.1) with Docker's token parameters.

export interface Challenge {
  /** In lower case. */
  readonly scheme: string;
  readonly parameters: ReadonlyMap<string, string>;
}

const token = "[!#$%&'*+.^_`|~\\w-]+";
const parameter = new RegExp(`(${token})\\s*=\\s*(?:"((?:[^"\\\\]|\\\\.)*)"|(${token}))`, "g");

/** The first of several. Undefined when there is none. */
export function parseChallenge(header: string | null): Challenge | undefined {
  const scheme = new RegExp(`^\\s*(${token})(?=\\s|,|$)`).exec(header ?? "")?.[1];
  if (header === null || scheme === undefined) return undefined;
  const rest = header.slice(header.indexOf(scheme) + scheme.length);
  const parameters = new Map<string, string>();
  for (const [, key = "", quoted, plain] of rest.matchAll(parameter))
    if (!parameters.has(key.toLowerCase()))
      parameters.set(key.toLowerCase(), plain ?? quoted!.replaceAll(/\\(.)/g, "$1"));
  return { scheme: scheme.toLowerCase(), parameters };
}
