import type { LabelTerm } from "../../cosi/query.ts";
import { Problem } from "./problem.ts";

const name = String.raw`[A-Za-z0-9][A-Za-z0-9._/-]{0,252}`;
const value = String.raw`[A-Za-z0-9._:/ -]{0,253}`;
const forms: ReadonlyArray<readonly [RegExp, (found: readonly string[]) => LabelTerm]> = [
  [new RegExp(`^!(${name})$`), ([label]) => ({ label: label!, op: "notExists" })],
  [new RegExp(`^(${name})$`), ([label]) => ({ label: label!, op: "exists" })],
  [
    new RegExp(`^(${name})!=(${value})$`),
    ([label, text]) => ({ label: label!, op: "equal", value: text!, invert: true }),
  ],
  [new RegExp(`^(${name})==?(${value})$`), ([label, text]) => ({ label: label!, op: "equal", value: text! })],
  [
    new RegExp(`^(${name}) +in +\\(([^()]*)\\)$`),
    ([label, list]) => ({ label: label!, op: "in", values: valuesOf(list!) }),
  ],
  [
    new RegExp(`^(${name}) +notin +\\(([^()]*)\\)$`),
    ([label, list]) => ({ label: label!, op: "in", values: valuesOf(list!), invert: true }),
  ],
];

/** `rack=r1,tier!=gold,zone in (a,b),gpu,!old`: all of them must hold. */
export function parseSelector(text: string): LabelTerm[] {
  if (text.length > 4096) throw new Problem(400, "the selector is too long");
  return splitTerms(text).map((term) => {
    for (const [pattern, make] of forms) {
      const found = pattern.exec(term);
      if (found) return make(found.slice(1));
    }
    throw new Problem(400, `cannot read the selector at "${term}": write a=b, a!=b, a in (b,c), a or !a`);
  });
}

const valuesOf = (list: string) => list.split(",").map((one) => one.trim());

/** At commas that are in no parentheses. */
const splitTerms = (text: string) =>
  text
    .split(/,(?![^()]*\))/)
    .map((term) => term.trim())
    .filter((term) => term !== "");
