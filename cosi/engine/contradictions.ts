import type { ResourceType } from "../resource.ts";
import { kindOf, type Plan, typesOf } from "./plan.ts";

/** Everything in the declarations that cannot work, each as a sentence. */
export function contradictions(plans: readonly Plan[]): string[] {
  return [
    ...sameNames(plans),
    ...plans.flatMap(ownContradictions),
    ...rivals(plans),
    ...circles(plans),
    ...differentSchemas(plans),
  ];
}

function sameNames(plans: readonly Plan[]): string[] {
  const names = plans.map(({ name }) => name);
  const twice = new Set(names.filter((name, index) => names.indexOf(name) !== index));
  return [
    ...(names.includes("") ? ["a controller has no name"] : []),
    ...[...twice].map((name) => `two controllers are called ${name}`),
  ];
}

function ownContradictions({ name, each, reads, owns, concurrency, controller }: Plan): string[] {
  const kinds = owns.map(({ type }) => kindOf(type));
  const twice = new Set(kinds.filter((kind, index) => kinds.indexOf(kind) !== index));
  return [
    ...[...twice].map((kind) => `${name} owns ${kind} under two names`),
    ...(each && kinds.includes(kindOf(each))
      ? [`${name} owns ${kindOf(each)}, of which it has one key each: it would be its own cause`]
      : []),
    ...(each === undefined && reads.size === 0
      ? [`${name} has no \`each\` and reads nothing: it would never run`]
      : []),
    ...(each === undefined && owns.length === 0 ? [`${name} has no \`each\` and owns nothing`] : []),
    ...(each === undefined && controller.teardown ? [`${name} has a teardown but no \`each\``] : []),
    ...(Number.isInteger(concurrency) && concurrency > 0
      ? []
      : [`${name} has a concurrency of ${concurrency}`]),
  ];
}

function rivals(plans: readonly Plan[]): string[] {
  const owners = Map.groupBy(
    plans.flatMap(({ name, owns }) => owns.map(({ type, shared }) => ({ name, kind: kindOf(type), shared }))),
    ({ kind }) => kind,
  );
  return [...owners].flatMap(([kind, claims]) => {
    const names = new Set(claims.map(({ name }) => name));
    return names.size < 2 || claims.every(({ shared }) => shared)
      ? []
      : [`${[...names].join(" and ")} own ${kind}: a type has one owner, or all its owners say \`shared\``];
  });
}

/** Circles of primaries: each of their resources exists only because another one does, so that none ever can. */
function circles(plans: readonly Plan[]): string[] {
  const causes = plans.filter(({ each }) => each !== undefined);
  const found: string[] = [];
  const settled = new Set<Plan>();
  const walk = (plan: Plan, path: readonly Plan[]): void => {
    const start = path.indexOf(plan);
    if (start >= 0) {
      const circle = path.slice(start);
      // A controller that owns its own primary type has been named already.
      if (circle.length > 1) {
        found.push(
          `${circle.map(({ name, each }) => `${kindOf(each!)} → ${name}`).join(" → ")} → ${kindOf(plan.each!)} is a circle: none of these resources can be the first`,
        );
      }
      return;
    }
    if (settled.has(plan)) return;
    const kinds = new Set(plan.owns.map(({ type }) => kindOf(type)));
    for (const next of causes) if (kinds.has(kindOf(next.each!))) walk(next, [...path, plan]);
    settled.add(plan);
  };
  for (const plan of causes) walk(plan, []);
  return found;
}

function differentSchemas(plans: readonly Plan[]): string[] {
  const known = new Map<string, { type: ResourceType; name: string }>();
  return plans.flatMap((plan) =>
    typesOf(plan).flatMap((type) => {
      const before = known.get(kindOf(type));
      known.set(kindOf(type), before ?? { type, name: plan.name });
      return before && before.type.spec !== type.spec
        ? [`${before.name} and ${plan.name} declare ${kindOf(type)} with different schemas`]
        : [];
    }),
  );
}
