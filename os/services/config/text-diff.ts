// Lines that differ, as `diff -u` shows them (E. W. Myers, "An O(ND) Difference Algorithm", 1986).

type Edit = readonly [mark: " " | "-" | "+", line: string];

const contextLines = 3;

/** Empty when the texts are the same. */
export function textDiff(before: string, after: string): string {
  const edits = editsBetween(before.split("\n"), after.split("\n"));
  return hunks(edits)
    .map(({ from, to }) => hunkText(edits, from, to))
    .join("");
}

function editsBetween(before: readonly string[], after: readonly string[]): Edit[] {
  // How far one comes on each diagonal with so many edits; what each round began with is kept for the way back.
  const rounds: Map<number, number>[] = [];
  let reach = new Map<number, number>([[1, 0]]);
  for (let count = 0; ; count += 1) {
    rounds.push(new Map(reach));
    for (let diagonal = -count; diagonal <= count; diagonal += 2) {
      let x = isDown(reach, diagonal, count) ? reach.get(diagonal + 1)! : reach.get(diagonal - 1)! + 1;
      while (x < before.length && x - diagonal < after.length && before[x] === after[x - diagonal]) x += 1;
      reach.set(diagonal, x);
      if (x >= before.length && x - diagonal >= after.length) return wayBack(rounds, before, after);
    }
    reach = new Map(reach);
  }
}

const isDown = (reach: ReadonlyMap<number, number>, diagonal: number, count: number) =>
  diagonal === -count ||
  (diagonal !== count && (reach.get(diagonal - 1) ?? -1) < (reach.get(diagonal + 1) ?? -1));

function wayBack(
  rounds: readonly ReadonlyMap<number, number>[],
  before: readonly string[],
  after: readonly string[],
): Edit[] {
  const edits: Edit[] = [];
  let x = before.length;
  let y = after.length;
  for (let count = rounds.length - 1; count >= 0; count -= 1) {
    const reach = rounds[count]!;
    const diagonal = x - y;
    const previous = isDown(reach, diagonal, count) ? diagonal + 1 : diagonal - 1;
    const fromX = count === 0 ? 0 : reach.get(previous)!;
    const fromY = fromX - previous;
    while (x > Math.max(fromX, 0) && y > Math.max(fromY, 0)) {
      x -= 1;
      y -= 1;
      edits.push([" ", before[x]!]);
    }
    if (count === 0) break;
    if (x === fromX) {
      y -= 1;
      edits.push(["+", after[y]!]);
    } else {
      x -= 1;
      edits.push(["-", before[x]!]);
    }
  }
  return edits.toReversed();
}

function hunks(edits: readonly Edit[]): { from: number; to: number }[] {
  const found: { from: number; to: number }[] = [];
  for (const [at, [mark]] of edits.entries()) {
    if (mark === " ") continue;
    const from = Math.max(0, at - contextLines);
    const to = Math.min(edits.length, at + contextLines + 1);
    const last = found.at(-1);
    if (last && from <= last.to) last.to = to;
    else found.push({ from, to });
  }
  return found;
}

function hunkText(edits: readonly Edit[], from: number, to: number): string {
  const count = (until: number, start: number, other: "-" | "+") =>
    edits.slice(start, until).filter(([mark]) => mark !== other).length;
  const range = (other: "-" | "+") => {
    const lines = count(to, from, other);
    return `${count(from, 0, other) + (lines > 0 ? 1 : 0)},${lines}`;
  };
  const lines = edits.slice(from, to).map(([mark, line]) => `${mark}${line}\n`);
  return `@@ -${range("+")} +${range("-")} @@\n${lines.join("")}`;
}
