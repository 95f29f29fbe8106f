// Which modules drive which hardware: depmod's tables, indexed so that a boot reads them once and searches nothing.

export interface ModuleIndex {
  /** Modules whose alias patterns match, such as `pci:v00008086d…` as sysfs writes it in a device's `modalias`. */
  matching(modalias: string): readonly string[];
  /** Files to load for a module, in order, itself last; none when it is built into the kernel or unknown. */
  filesFor(module: string): readonly string[];
}

/** The texts of modules.alias, modules.dep and modules.softdep in /lib/modules/RELEASE. */
export interface ModuleTables {
  readonly alias: string;
  readonly dep: string;
  readonly softdep: string;
}

export function moduleIndex({ alias, dep, softdep }: ModuleTables): ModuleIndex {
  const patterns = indexAliases(alias);
  const files = new Map(lines(dep).map((line) => parseDependencies(line)));
  const before = new Map(lines(softdep).map((line) => parseSoftDependencies(line)));

  const filesFor = (module: string, asking: readonly string[] = []): readonly string[] => {
    const own = files.get(module) ?? [];
    const soft = (before.get(module) ?? [])
      .flatMap((name) => (files.has(canonical(name)) ? [canonical(name)] : matching(name)))
      .filter((name) => name !== module && !asking.includes(name))
      .flatMap((name) => filesFor(name, [...asking, module]));
    return [...new Set([...soft, ...own])];
  };
  const matching = (modalias: string) => [...new Set(candidates(patterns, modalias))];
  return { matching, filesFor };
}

/** Patterns under the text before their first wildcard: a modalias is compared only with those that start like it. */
type AliasIndex = ReadonlyMap<string, readonly { readonly rest: string; readonly module: string }[]>;

function indexAliases(text: string): AliasIndex {
  const index = new Map<string, { rest: string; module: string }[]>();
  for (const line of lines(text)) {
    const [, pattern, module] = line.split(" ");
    if (pattern === undefined || module === undefined) continue;
    const wildcard = pattern.search(/[*?[]/);
    const literal = wildcard < 0 ? pattern : pattern.slice(0, wildcard);
    const bucket = index.get(literal) ?? [];
    bucket.push({ rest: pattern.slice(literal.length), module: canonical(module) });
    index.set(literal, bucket);
  }
  return index;
}

function* candidates(index: AliasIndex, modalias: string): Generator<string> {
  for (let length = modalias.length; length > 0; length--) {
    for (const { rest, module } of index.get(modalias.slice(0, length)) ?? []) {
      if (globMatches(rest, modalias, length)) yield module;
    }
  }
}

/** fnmatch(3) without path rules: `*`, `?` and `[…]`, from a place in the text to its end. */
function globMatches(pattern: string, text: string, from: number): boolean {
  let at = from;
  for (let index = 0; index < pattern.length; index++) {
    const sign = pattern[index];
    if (sign === "*") {
      const rest = pattern.slice(index + 1);
      if (rest === "") return true;
      for (let start = at; start <= text.length; start++) if (globMatches(rest, text, start)) return true;
      return false;
    }
    if (at >= text.length) return false;
    if (sign === "[") {
      const end = pattern.indexOf("]", index);
      if (end < 0 || !inClass(pattern.slice(index + 1, end), text[at]!)) return false;
      index = end;
    } else if (sign !== "?" && sign !== text[at]) {
      return false;
    }
    at++;
  }
  return at === text.length;
}

function inClass(members: string, sign: string): boolean {
  for (let at = 0; at < members.length; at++) {
    if (members[at + 1] === "-" && at + 2 < members.length) {
      if (members[at]! <= sign && sign <= members[at + 2]!) return true;
      at += 2;
    } else if (members[at] === sign) {
      return true;
    }
  }
  return false;
}

/** `kernel/x/name.ko: needs needs …`: the last that is needed is loaded first. */
function parseDependencies(line: string): [module: string, files: readonly string[]] {
  const [file, needs = ""] = line.split(":") as [string, string?];
  return [
    moduleOf(file),
    [
      ...needs
        .split(" ")
        .filter((it) => it !== "")
        .toReversed(),
      file,
    ],
  ];
}

/** `softdep name pre: a b post: c`: what should be there before it. */
function parseSoftDependencies(line: string): [module: string, before: readonly string[]] {
  const [, module = "", ...words] = line.split(/\s+/);
  const pre = words.indexOf("pre:");
  const end = words.indexOf("post:");
  if (pre < 0) return [canonical(module), []];
  return [canonical(module), words.slice(pre + 1, end > pre ? end : undefined)];
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
const moduleOf = (file: string) =>
  canonical(file.slice(file.lastIndexOf("/") + 1).replace(/\.ko(\.\w+)?$/, ""));
/** The kernel takes `-` and `_` for the same in module names. */
const canonical = (name: string) => name.replaceAll("-", "_");
