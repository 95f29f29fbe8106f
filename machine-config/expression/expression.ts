// The part of CEL (Common Expression Language) that selects disks and links: comparisons, logic, arithmetic, and the
// functions of text. What else the language has is refused by name.

export type Value = string | number | boolean | readonly Value[] | { readonly [name: string]: Value };
export type Variables = Readonly<Record<string, Value>>;

/** Says whether what the variables describe is meant. Throws when the expression cannot be asked of it. */
export type Expression = (variables: Variables) => Value;

interface Token {
  readonly kind: "number" | "text" | "name" | "sign" | "end";
  readonly text: string;
  readonly at: number;
}

const tokenForm =
  /\s*(?:(\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)u?\b|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([A-Za-z_]\w*)|(&&|\|\||[=!<>]=|[-+*/%<>!?:()[\].,]))/y;

/** Sizes as people write them are numbers times these. */
const constants: Variables = {
  ...{ KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40, PiB: 2 ** 50 },
  ...{ kB: 1e3, MB: 1e6, GB: 1e9, TB: 1e12, PB: 1e15 },
  ...{ true: true, false: false },
};

/** Reads an expression. Throws, with the place, what is none. */
export function parseExpression(text: string): Expression {
  const tokens = tokensOf(text);
  let next = 0;
  const peek = () => tokens[next]!;
  const fail = ({ text: found, at }: Token): never => {
    throw new Error(`Cannot read the expression: "${found || "its end"}" at ${at + 1} is not expected`);
  };
  const accept = (...signs: readonly string[]): string | undefined => {
    const { kind, text: sign } = peek();
    if ((kind !== "sign" && sign !== "in") || !signs.includes(sign)) return undefined;
    next += 1;
    return sign;
  };
  const expect = (sign: string) => accept(sign) ?? fail(peek());

  const parsed = conditional();
  if (peek().kind !== "end") fail(peek());
  return parsed;

  function conditional(): Expression {
    const condition = binary(0);
    if (!accept("?")) return condition;
    const whenTrue = conditional();
    expect(":");
    const whenFalse = conditional();
    return (variables) => (truth(condition(variables)) ? whenTrue : whenFalse)(variables);
  }

  function binary(level: number): Expression {
    const operators = levels[level];
    if (!operators) return unary();
    let left = binary(level + 1);
    for (let sign = accept(...Object.keys(operators)); sign; sign = accept(...Object.keys(operators))) {
      const operate = operators[sign]!;
      const [before, after] = [left, binary(level + 1)];
      left = (variables) => operate(before(variables), () => after(variables));
    }
    return left;
  }

  function unary(): Expression {
    const sign = accept("!", "-");
    if (sign === undefined) return member();
    const operand = unary();
    return sign === "!" ? (it) => !truth(operand(it)) : (it) => -quantity(operand(it));
  }

  function member(): Expression {
    let value = primary();
    while (accept(".")) {
      const name = peek();
      if (name.kind !== "name") fail(name);
      next += 1;
      const [of, called] = [value, name.text];
      if (accept("(")) {
        const method = methods[called] ?? fail(name);
        const given = listUntil(")");
        value = (it) => method(of(it), ...given.map((argument) => argument(it)));
      } else value = (it) => field(of(it), called);
    }
    return value;
  }

  function primary(): Expression {
    const token = peek();
    next += 1;
    switch (token.kind) {
      case "number":
        return () => Number(token.text);
      case "text":
        return () => token.text;
      case "name":
        return (variables) => field({ ...constants, ...variables }, token.text);
      case "sign": {
        if (token.text === "(") {
          const inner = conditional();
          expect(")");
          return inner;
        }
        if (token.text !== "[") return fail(token);
        const items = listUntil("]");
        return (it) => items.map((item) => item(it));
      }
      case "end":
        return fail(token);
    }
  }

  function listUntil(sign: string): Expression[] {
    const items: Expression[] = [];
    while (!accept(sign)) {
      if (items.length > 0) expect(",");
      items.push(conditional());
    }
    return items;
  }
}

function tokensOf(text: string): Token[] {
  const tokens: Token[] = [];
  const trimmed = text.trimEnd();
  tokenForm.lastIndex = 0;
  for (let at = 0; at < trimmed.length; at = tokenForm.lastIndex) {
    const found = tokenForm.exec(trimmed);
    if (!found) {
      const place = at + /^\s*/.exec(trimmed.slice(at))![0].length;
      throw new Error(`Cannot read the expression: "${trimmed[place]}" at ${place + 1} is not expected`);
    }
    const [, number, double, single, name, sign] = found;
    if (number !== undefined) tokens.push({ kind: "number", text: number, at });
    else if (name !== undefined) tokens.push({ kind: "name", text: name, at });
    else if (sign !== undefined) tokens.push({ kind: "sign", text: sign, at });
    else tokens.push({ kind: "text", text: (double ?? single ?? "").replaceAll(/\\(.)/g, "$1"), at });
  }
  return [...tokens, { kind: "end", text: "", at: trimmed.length }];
}

type Operate = (left: Value, right: () => Value) => Value;
const order = (fits: (difference: number) => boolean): Operate => {
  return (left, right) => fits(compared(left, right()));
};
const count =
  (calculate: (left: number, right: number) => number): Operate =>
  (left, right) =>
    calculate(quantity(left), quantity(right()));

/** What binds weakest is first. */
const levels: readonly Readonly<Record<string, Operate>>[] = [
  { "||": (left, right) => truth(left) || truth(right()) },
  { "&&": (left, right) => truth(left) && truth(right()) },
  {
    "==": (left, right) => left === right(),
    "!=": (left, right) => left !== right(),
    "<": order((difference) => difference < 0),
    "<=": order((difference) => difference <= 0),
    ">": order((difference) => difference > 0),
    ">=": order((difference) => difference >= 0),
    in: (left, right) => {
      const list = right();
      if (!Array.isArray(list)) throw new Error("Cannot look into what is no list");
      return list.includes(left);
    },
  },
  { "+": count((a, b) => a + b), "-": count((a, b) => a - b) },
  { "*": count((a, b) => a * b), "/": count((a, b) => a / b), "%": count((a, b) => a % b) },
];

const methods: Readonly<Record<string, (of: Value, ...given: readonly Value[]) => Value>> = {
  startsWith: (of, start = "") => words(of).startsWith(words(start)),
  endsWith: (of, end = "") => words(of).endsWith(words(end)),
  contains: (of, part = "") => words(of).includes(words(part)),
  matches: (of, pattern = "") => new RegExp(words(pattern)).test(words(of)),
  lowerAscii: (of) => words(of).toLowerCase(),
  size: (of) => (Array.isArray(of) ? of.length : words(of).length),
};

function field(of: Value, name: string): Value {
  if (typeof of === "object" && !Array.isArray(of) && Object.hasOwn(of, name))
    return (of as Readonly<Record<string, Value>>)[name]!;
  throw new Error(`Cannot tell what ${name} is`);
}

function compared(left: Value, right: Value): number {
  if (typeof left === "string" && typeof right === "string") return left < right ? -1 : Number(left > right);
  return quantity(left) - quantity(right);
}

function truth(value: Value): boolean {
  if (typeof value === "boolean") return value;
  throw new Error("Cannot decide by what is neither true nor false");
}

function quantity(value: Value): number {
  if (typeof value === "number") return value;
  throw new Error("Cannot calculate with what is no number");
}

function words(value: Value): string {
  if (typeof value === "string") return value;
  throw new Error("Cannot read what is no text");
}
