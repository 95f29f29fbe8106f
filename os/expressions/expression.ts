// As much of CEL (github.com/google/cel-spec, langdef.md) as machine configs say of disks and links.

export type Value = boolean | bigint | string | readonly Value[] | { readonly [field: string]: Value };
export type Scope = Readonly<Record<string, Value>>;
type Term = (scope: Scope) => Value;

/** Throws when it is no expression. What comes of it throws when its value is neither true nor false. `things` are what is compared. */
export function parseExpression(text: string, things: string): (scope: Scope) => boolean {
  const problem = (error: unknown) => {
    const why = error instanceof Error ? error.message : String(error);
    return new Error(`Cannot compare ${things} with ${JSON.stringify(text)}: ${why}`, { cause: error });
  };
  try {
    const term = new Parser(text).whole();
    return (scope) => {
      try {
        return bool(term(scope));
      } catch (error) {
        throw problem(error);
      }
    };
  } catch (error) {
    throw problem(error);
  }
}

const tokenForm =
  /\s*(?:(0x[\da-f]+|\d+)u?(?![\w.])|("(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|([A-Za-z_]\w*)|(&&|\|\||[=!<>]=|[-+*/%<>!?:.,()[\]]))/iy;

type Token =
  | { readonly is: "number"; readonly value: bigint }
  | { readonly is: "text"; readonly value: string }
  | { readonly is: "name" | "sign"; readonly value: string };

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const form = new RegExp(tokenForm);
  const end = text.trimEnd().length;
  while (form.lastIndex < end) {
    const at = form.lastIndex;
    const [, number, string, name, sign] = form.exec(text) ?? [];
    if (number !== undefined) tokens.push({ is: "number", value: BigInt(number) });
    else if (string !== undefined)
      tokens.push({ is: "text", value: string.slice(1, -1).replaceAll(/\\(.)/g, "$1") });
    else if (name !== undefined) tokens.push({ is: "name", value: name });
    else if (sign !== undefined) tokens.push({ is: "sign", value: sign });
    else throw new Error(`nobody can read it from ${JSON.stringify(text.slice(at, at + 12))} on`);
  }
  return tokens;
}

/** The loosest first. */
const levels: readonly Readonly<Record<string, (a: () => Value, b: () => Value) => Value>>[] = [
  { "||": (a, b) => bool(a()) || bool(b()) },
  { "&&": (a, b) => bool(a()) && bool(b()) },
  {
    "==": (a, b) => same(a(), b()),
    "!=": (a, b) => !same(a(), b()),
    "<": (a, b) => order(a(), b()) < 0,
    "<=": (a, b) => order(a(), b()) <= 0,
    ">": (a, b) => order(a(), b()) > 0,
    ">=": (a, b) => order(a(), b()) >= 0,
    in: (a, b) => list(b()).some((it) => same(it, a())),
  },
  {
    "+": (a, b) => sum(a(), b()),
    "-": (a, b) => int(a()) - int(b()),
  },
  {
    "*": (a, b) => int(a()) * int(b()),
    "/": (a, b) => int(a()) / divisor(b()),
    "%": (a, b) => int(a()) % divisor(b()),
  },
];

const methods: Readonly<Record<string, (text: string, argument: string) => Value>> = {
  startsWith: (text, start) => text.startsWith(start),
  endsWith: (text, end) => text.endsWith(end),
  contains: (text, part) => text.includes(part),
  lowerAscii: (text) => text.toLowerCase(),
};

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  whole(): Term {
    const term = this.#either();
    if (this.#at < this.#tokens.length) throw this.#unexpected();
    return term;
  }

  #either(): Term {
    const condition = this.#level(0);
    if (!this.#take("?")) return condition;
    const yes = this.#either();
    this.#need(":");
    const no = this.#either();
    return (scope) => (bool(condition(scope)) ? yes(scope) : no(scope));
  }

  #level(nth: number): Term {
    const operators = levels[nth];
    if (!operators) return this.#unary();
    let left = this.#level(nth + 1);
    for (;;) {
      const token = this.#tokens[this.#at];
      const sign = token && token.is !== "text" && token.is !== "number" ? token.value : "";
      if (!Object.hasOwn(operators, sign)) return left;
      this.#at++;
      const [before, after, operate] = [left, this.#level(nth + 1), operators[sign]!];
      left = (scope) =>
        operate(
          () => before(scope),
          () => after(scope),
        );
    }
  }

  #unary(): Term {
    if (this.#take("!")) {
      const term = this.#unary();
      return (scope) => !bool(term(scope));
    }
    if (this.#take("-")) {
      const term = this.#unary();
      return (scope) => -int(term(scope));
    }
    return this.#member(this.#primary());
  }

  #member(term: Term): Term {
    if (!this.#take(".")) return term;
    const name = this.#name();
    if (!this.#take("("))
      return this.#member((scope) => {
        const owner = term(scope);
        if (typeof owner !== "object" || Array.isArray(owner) || !Object.hasOwn(owner, name))
          throw new Error(`there is no ${name}`);
        return (owner as Scope)[name]!;
      });
    const method = Object.hasOwn(methods, name) ? methods[name]! : undefined;
    if (!method) throw new Error(`it knows no ${name}()`);
    const [argument] = this.#list(")");
    return this.#member((scope) => method(string(term(scope)), argument ? string(argument(scope)) : ""));
  }

  #primary(): Term {
    const token = this.#tokens[this.#at++];
    if (!token) throw new Error("it ends too early");
    const { is, value } = token;
    if (is === "number" || is === "text") return () => value;
    if (is === "name") return this.#named(value);
    if (value === "(") {
      const term = this.#either();
      this.#need(")");
      return term;
    }
    if (value === "[") {
      const items = this.#list("]");
      return (scope) => items.map((item) => item(scope));
    }
    this.#at--;
    throw this.#unexpected();
  }

  #named(name: string): Term {
    if (name === "true" || name === "false") return () => name === "true";
    if (name === "mac" && this.#take("(")) {
      // Hardware addresses are texts here from the beginning.
      const [address] = this.#list(")");
      if (!address) throw new Error("mac() takes a hardware address");
      return address;
    }
    if (name === "glob" && this.#take("(")) {
      const [pattern, text] = this.#list(")");
      if (!pattern || !text) throw new Error("glob() takes a pattern and a text");
      return (scope) => matches(string(pattern(scope)), string(text(scope)));
    }
    return (scope) => {
      if (!Object.hasOwn(scope, name)) throw new Error(`it knows no ${name}`);
      return scope[name]!;
    };
  }

  #list(end: string): Term[] {
    const items: Term[] = [];
    while (!this.#take(end)) {
      if (items.length > 0) this.#need(",");
      items.push(this.#either());
    }
    return items;
  }

  #take(sign: string): boolean {
    const token = this.#tokens[this.#at];
    if (token?.is !== "sign" || token.value !== sign) return false;
    this.#at++;
    return true;
  }

  #need(sign: string): void {
    if (!this.#take(sign)) throw this.#unexpected();
  }

  #name(): string {
    const token = this.#tokens[this.#at++];
    if (token?.is !== "name") throw new Error("a name is missing behind a dot");
    return token.value;
  }

  #unexpected(): Error {
    const token = this.#tokens[this.#at];
    return new Error(token ? `${String(token.value)} is out of place` : "it ends too early");
  }
}

function bool(value: Value): boolean {
  if (typeof value !== "boolean") throw new Error("its value is neither true nor false");
  return value;
}
function int(value: Value): bigint {
  if (typeof value !== "bigint") throw new Error("a number is wanted");
  return value;
}
function string(value: Value): string {
  if (typeof value !== "string") throw new Error("a text is wanted");
  return value;
}
function list(value: Value): readonly Value[] {
  if (!Array.isArray(value)) throw new Error("a list is wanted");
  return value as readonly Value[];
}
function divisor(value: Value): bigint {
  if (value === 0n) throw new Error("nothing can be divided by zero");
  return int(value);
}
const sum = (a: Value, b: Value): Value => (typeof a === "string" ? a + string(b) : int(a) + int(b));
function same(a: Value, b: Value): boolean {
  if (typeof a !== typeof b || typeof a === "object") throw new Error("only what is of one kind is compared");
  return a === b;
}
function order(a: Value, b: Value): number {
  if (typeof a === "string") return a < string(b) ? -1 : Number(a > string(b));
  return int(a) < int(b) ? -1 : Number(int(a) > int(b));
}

/** As shells match names: `*` is any characters, `?` is one. */
export function matches(pattern: string, text: string): boolean {
  const form = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll("*", ".*")
    .replaceAll("?", ".");
  return new RegExp(`^${form}$`, "s").test(text);
}
