import { describe, expect, test } from "vitest";
import { z } from "zod";
import { resourceType } from "../resource.ts";
import { contradictions } from "./contradictions.ts";
import { type Controller, collectionController, controller } from "./controller.ts";
import { many, shared } from "./owns.ts";
import { planOf } from "./plan.ts";
import { all, the } from "./reads.ts";

const spec = z.object({});
const declare = (type: string) => resourceType({ type, namespace: "test", spec });
const A = declare("As");
const B = declare("Bs");
const C = declare("Cs");
const done = () => ({ do: "done" }) as const;
const remove = () => ({ do: "remove" }) as const;
const make = (name: string, each: typeof A, owns: typeof A) =>
  controller({ name, each, owns, reconcile: remove });

describe("declarations that cannot work are named", () => {
  test.each<[string, Controller[], string[]]>([
    ["two of one name", [make("X", A, B), make("X", A, C)], ["two controllers are called X"]],
    ["none at all", [make("", A, B)], ["a controller has no name"]],
    [
      "two owners of one type",
      [make("X", A, C), make("Y", B, C)],
      ["X and Y own test/Cs: a type has one owner, or all its owners say `shared`"],
    ],
    [
      "a shared type that somebody does not share",
      [make("X", A, C), controller({ name: "Y", each: B, owns: shared(C), reconcile: remove })],
      ["X and Y own test/Cs: a type has one owner, or all its owners say `shared`"],
    ],
    [
      "a controller that makes its own primary",
      [make("X", A, A)],
      ["X owns test/As, of which it has one key each: it would be its own cause"],
    ],
    [
      "a circle of primaries",
      [make("X", A, B), make("Y", B, C), make("Z", C, A)],
      [
        "test/As → X → test/Bs → Y → test/Cs → Z → test/As is a circle: none of these resources can be the first",
      ],
    ],
    [
      "one type under two names",
      [controller({ name: "X", each: A, owns: { one: B, other: many(B) }, reconcile: remove })],
      ["X owns test/Bs under two names"],
    ],
    [
      "a collection of nothing",
      [collectionController({ name: "X", owns: many(A), reconcile: remove })],
      ["X has no `each` and reads nothing: it would never run"],
    ],
    [
      "a collection made into nothing",
      [collectionController({ name: "X", reads: { all: all(A) }, reconcile: done })],
      ["X has no `each` and owns nothing"],
    ],
    [
      "a type declared with two schemas",
      [
        make("X", A, B),
        controller({
          name: "Y",
          each: resourceType({ type: "Bs", namespace: "test", spec: z.object({}) }),
          reconcile: done,
        }),
      ],
      ["X and Y declare test/Bs with different schemas"],
    ],
    [
      "no width",
      [controller({ name: "X", each: A, concurrency: 0, reconcile: done })],
      ["X has a concurrency of 0"],
    ],
  ])("%s", (_, controllers, expected) => {
    expect(contradictions(controllers.map(planOf))).toEqual(expected);
  });

  test.each<[string, Controller[]]>([
    [
      "shared types",
      [
        controller({ name: "X", each: A, owns: shared(C), reconcile: remove }),
        collectionController({
          name: "Y",
          reads: { b: the(B, "b") },
          owns: shared(many(C)),
          reconcile: remove,
        }),
      ],
    ],
    [
      "feedback through what is read",
      [
        controller({ name: "X", each: A, reads: { c: C, b: B }, owns: B, reconcile: remove }),
        make("Y", B, C),
      ],
    ],
    [
      "one type in two namespaces",
      [make("X", A, B), make("Y", A, resourceType({ type: "Bs", namespace: "other", spec }))],
    ],
    ["a controller of effects only", [controller({ name: "X", each: A, reconcile: done })]],
  ])("%s can work", (_, controllers) => {
    expect(contradictions(controllers.map(planOf))).toEqual([]);
  });
});
