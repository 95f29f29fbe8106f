/** The kernel's command line. An argument given more than once keeps all its values, in order. */
export interface KernelArguments {
  /** The last value; "" for an argument without one; undefined when it is not there. */
  last(name: string): string | undefined;
  all(name: string): readonly string[];
}

/** Splits as the kernel does (Documentation/admin-guide/kernel-parameters.rst): double quotes keep spaces. */
export function parseKernelArguments(line: string): KernelArguments {
  const values = new Map<string, string[]>();
  for (const word of line.match(/(?:[^\s"]|"[^"]*"?)+/g) ?? []) {
    const [name, value] = splitOnce(word.replaceAll('"', ""));
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return {
    last: (name) => values.get(name)?.at(-1),
    all: (name) => values.get(name) ?? [],
  };
}

function splitOnce(word: string): [name: string, value: string] {
  const at = word.indexOf("=");
  return at < 0 ? [word, ""] : [word.slice(0, at), word.slice(at + 1)];
}
