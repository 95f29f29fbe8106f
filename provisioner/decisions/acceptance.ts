import type { ResourceOf, SpecOf } from "../../cosi/resource.ts";
import type { AcceptanceCondition, AcceptanceRule } from "../resources/acceptance-rule.ts";
import type { Admission } from "../resources/admission.ts";
import type { Inventory } from "../resources/inventory.ts";
import type { Machine } from "../resources/machine.ts";
import { isLike } from "./pattern.ts";

export interface Admitted {
  readonly is: SpecOf<typeof Admission>["state"];
  /** Who or which rule said so; empty while nobody has. */
  readonly by: string;
  readonly why: string;
}

type Rule = Pick<ResourceOf<typeof AcceptanceRule>, "spec"> & { readonly metadata: { readonly id: string } };

interface Asked {
  readonly asked: SpecOf<typeof Machine>["admission"];
  readonly current?: SpecOf<typeof Admission> | undefined;
  readonly inventory?: SpecOf<typeof Inventory> | undefined;
  readonly rules: readonly Rule[];
}

/** Whether a machine may be worked on: by an operator's word first, then as it was, then by the rules. */
export function admit({ asked, current, inventory, rules }: Asked): Admitted {
  if (asked.is === "accepted") return { is: "accepted", by: asked.by, why: `${asked.by} accepted it` };
  if (asked.is === "rejected") return { is: "rejected", by: asked.by, why: asked.why };
  // Work may have begun: taking it back is an operator's decision, not the side effect of an edited rule.
  if (current?.state === "accepted") return { is: "accepted", by: current.by, why: current.why };
  if (!inventory)
    return { is: "waiting", by: "", why: "its inventory is not in, by which rules could judge it" };

  const rule = rules.toSorted(byOrder).find(({ spec }) => spec.when.every((one) => holds(inventory, one)));
  if (!rule) return { is: "waiting", by: "", why: nobodyDecides(inventory, rules) };
  const { id } = rule.metadata;
  const why = rule.spec.when.map((one) => inWords(inventory, one)).join(", ") || "it is for every machine";
  return { is: rule.spec.verdict === "accept" ? "accepted" : "rejected", by: `rule ${id}`, why };
}

const byOrder = (a: Rule, b: Rule) =>
  a.spec.order - b.spec.order ||
  Number(a.spec.verdict === "accept") - Number(b.spec.verdict === "accept") ||
  (a.metadata.id < b.metadata.id ? -1 : 1);

/** For each rule the first condition that does not hold: what an operator who expected a match wants to know. */
function nobodyDecides(inventory: SpecOf<typeof Inventory>, rules: readonly Rule[]): string {
  if (rules.length === 0) return "an operator has to accept it: there are no rules";
  const misses = rules.toSorted(byOrder).map(({ metadata, spec }) => {
    const missed = spec.when.find((one) => !holds(inventory, one))!;
    return `${metadata.id}: ${inWords(inventory, missed)}`;
  });
  const shown = misses.slice(0, 3).join("; ");
  return `no rule is for it (${shown}${misses.length > 3 ? "; …" : ""})`;
}

/** A field that the machine does not tell fulfils no condition, `unlike` and `atMost` included. */
function holds(inventory: SpecOf<typeof Inventory>, condition: AcceptanceCondition): boolean {
  const values = valuesAt(inventory, condition.field);
  switch (condition.is) {
    case "like":
      return values.some((value) => isLike(value, condition.pattern));
    case "unlike":
      return values.length > 0 && !values.some((value) => isLike(value, condition.pattern));
    case "oneOf":
      return values.some((value) => condition.values.includes(value));
    case "atLeast":
      return values.some((value) => value !== "" && Number(value) >= condition.number);
    case "atMost":
      return values.some((value) => value !== "" && Number(value) <= condition.number);
  }
}

/** All values under a path; `system.serial` has one, `disks.model` one for each disk, `disks.count` is their number. */
export function valuesAt(inventory: SpecOf<typeof Inventory>, field: string): readonly string[] {
  let values: readonly unknown[] = [inventory];
  for (const name of field.split(".")) {
    values = values.flatMap((value) => {
      if (Array.isArray(value) && name === "count") return [value.length];
      return (Array.isArray(value) ? (value as unknown[]) : [value]).flatMap((one) => member(one, name));
    });
  }
  return values.flat().flatMap((value) => {
    if (value instanceof Date) return [value.toISOString()];
    if (typeof value === "string") return [value];
    return typeof value === "number" || typeof value === "boolean" ? [String(value)] : [];
  });
}

const member = (value: unknown, name: string): unknown[] =>
  typeof value === "object" && value !== null && Object.hasOwn(value, name)
    ? [(value as Record<string, unknown>)[name]]
    : [];

function inWords(inventory: SpecOf<typeof Inventory>, condition: AcceptanceCondition): string {
  const values = valuesAt(inventory, condition.field);
  // Quoted as JSON: what a machine says may hold control characters.
  const said =
    values.length === 0
      ? "not told"
      : values
          .slice(0, 3)
          .map((value) => JSON.stringify(value.slice(0, 60)))
          .join(", ");
  const not = holds(inventory, condition) ? "" : "not ";
  return `${condition.field} (${said}) is ${not}${wanted(condition)}`;
}

function wanted(condition: AcceptanceCondition): string {
  switch (condition.is) {
    case "like":
      return `like ${condition.pattern}`;
    case "unlike":
      return `unlike ${condition.pattern}`;
    case "oneOf":
      return `one of ${condition.values.join(", ")}`;
    case "atLeast":
      return `at least ${condition.number}`;
    case "atMost":
      return `at most ${condition.number}`;
  }
}
