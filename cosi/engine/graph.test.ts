import { expect, test } from "vitest";
import { z } from "zod";
import { resourceType } from "../resource.ts";
import { collectionController, controller } from "./controller.ts";
import { graphviz, mermaid } from "./graph.ts";
import { many, shared } from "./owns.ts";
import { all, namedBy, naming, the } from "./reads.ts";

const declare = (type: string, namespace = "default") =>
  resourceType({ type: `${type}.ingot.dev`, namespace, spec: z.object({ profile: z.string() }) });
const Machine = declare("Machines");
const Profile = declare("Profiles");
const Install = declare("Installs");
const PowerStatus = declare("PowerStatuses");
const Address = declare("AddressSpecs", "layers");
const Merged = declare("AddressSpecs", "network");

const system = [
  controller({
    name: "Power",
    each: Machine,
    reads: {
      power: PowerStatus,
      profile: namedBy(Machine, Profile, (machine) => machine.spec.profile),
      installs: naming(Install, (install) => [install.spec.profile]),
    },
    owns: PowerStatus,
    reconcile: () => ({ do: "remove" }),
  }),
  controller({
    name: "Address",
    each: Machine,
    reads: { common: the(Profile, "common") },
    owns: { layers: shared(many(Address)) },
    reconcile: () => ({ do: "remove" }),
  }),
  collectionController({
    name: "Merge",
    reads: { layers: all(Address) },
    owns: { merged: many(Merged), first: the(Install, "first") },
    reconcile: () => ({ do: "remove" }),
  }),
];

test("a system is drawn in Mermaid", () => {
  expect(mermaid(system)).toBe(`flowchart LR
  t0["Installs"]
  t1["Machines"]
  t2["PowerStatuses"]
  t3["Profiles"]
  t4["layers/AddressSpecs.ingot.dev"]
  t5["network/AddressSpecs.ingot.dev"]
  c0(["Address"])
  c1(["Merge"])
  c2(["Power"])
  t1 ==> c0
  t3 -.->|the common| c0
  c0 -->|shared, many| t4
  t4 -.->|all| c1
  c1 -->|many| t5
  c1 -->|the first| t0
  t1 ==> c2
  t2 -.-> c2
  t3 -.->|the one it names| c2
  t0 -.->|those naming it| c2
  c2 --> t2
`);
});

test("a system is drawn for Graphviz", () => {
  expect(graphviz(system)).toBe(`digraph controllers {
  rankdir=LR;
  "type default/Installs.ingot.dev" [shape=box, label="Installs"];
  "type default/Machines.ingot.dev" [shape=box, label="Machines"];
  "type default/PowerStatuses.ingot.dev" [shape=box, label="PowerStatuses"];
  "type default/Profiles.ingot.dev" [shape=box, label="Profiles"];
  "type layers/AddressSpecs.ingot.dev" [shape=box, label="layers/AddressSpecs.ingot.dev"];
  "type network/AddressSpecs.ingot.dev" [shape=box, label="network/AddressSpecs.ingot.dev"];
  "controller Address" [shape=ellipse, label="Address"];
  "controller Merge" [shape=ellipse, label="Merge"];
  "controller Power" [shape=ellipse, label="Power"];
  "type default/Machines.ingot.dev" -> "controller Address" [style=bold];
  "type default/Profiles.ingot.dev" -> "controller Address" [style=dashed, label="the common"];
  "controller Address" -> "type layers/AddressSpecs.ingot.dev" [style=solid, label="shared, many"];
  "type layers/AddressSpecs.ingot.dev" -> "controller Merge" [style=dashed, label="all"];
  "controller Merge" -> "type network/AddressSpecs.ingot.dev" [style=solid, label="many"];
  "controller Merge" -> "type default/Installs.ingot.dev" [style=solid, label="the first"];
  "type default/Machines.ingot.dev" -> "controller Power" [style=bold];
  "type default/PowerStatuses.ingot.dev" -> "controller Power" [style=dashed];
  "type default/Profiles.ingot.dev" -> "controller Power" [style=dashed, label="the one it names"];
  "type default/Installs.ingot.dev" -> "controller Power" [style=dashed, label="those naming it"];
  "controller Power" -> "type default/PowerStatuses.ingot.dev" [style=solid];
}
`);
});
