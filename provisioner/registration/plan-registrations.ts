import type { SpecOf } from "../../cosi/resource.ts";
import { type KnownMachine, recognise, traitsOf } from "../decisions/identity.ts";
import type { BmcConfig } from "../resources/bmc-config.ts";
import type { Machine } from "../resources/machine.ts";
import type { Registered } from "./read-registrations.ts";
import type { Registration } from "./registration.ts";

export type RegistrationStep =
  | {
      readonly do: "create";
      readonly line: number;
      readonly id: string;
      readonly machine: SpecOf<typeof Machine>;
      readonly labels: Readonly<Record<string, string>>;
      readonly bmc: SpecOf<typeof BmcConfig> | undefined;
    }
  /** It is known already: only what a file may say of it is given, and what it does not say stays. */
  | {
      readonly do: "add";
      readonly line: number;
      readonly id: string;
      readonly name: string | undefined;
      readonly accept: boolean;
      readonly labels: Readonly<Record<string, string>>;
      readonly bmc: SpecOf<typeof BmcConfig> | undefined;
    }
  | { readonly do: "refuse"; readonly line: number; readonly why: string };

/** What an import comes to, before anything is written: people are shown it, and then it is done. */
export function planRegistrations(
  registered: readonly Registered[],
  known: readonly KnownMachine[],
  by: string,
): readonly RegistrationStep[] {
  const taken = new Set(known.map(({ id }) => id));
  const byTrait = Map.groupBy(
    known.flatMap((machine) => traitsOf(machine.identity).map((trait) => ({ trait, machine }))),
    ({ trait }) => trait,
  );
  const candidates = (identity: SpecOf<typeof Machine>["identity"]) => [
    ...new Set(
      traitsOf(identity).flatMap((trait) => byTrait.get(trait)?.map(({ machine }) => machine) ?? []),
    ),
  ];
  return registered.map(({ line, machine }): RegistrationStep => {
    const identity = identityOf(machine);
    const found = recognise(identity, candidates(identity));
    const { name, accept, labels } = machine;
    const bmc = machine.bmc && bmcOf(machine.bmc);
    switch (found.is) {
      case "known":
        return { do: "add", line, id: found.id, name, accept, labels, bmc };
      case "conflict":
      case "nameless":
        return { do: "refuse", line, why: found.why };
      case "new": {
        if (taken.has(found.id))
          return { do: "refuse", line, why: `its id would be ${found.id}, which is taken` };
        taken.add(found.id);
        const spec: SpecOf<typeof Machine> = {
          ...(name !== undefined && { name }),
          identity,
          admission: accept ? { is: "accepted", by } : { is: "byRule" },
          wipeId: 1,
          retryId: 0,
          power: "automatic",
          boot: {},
        };
        return { do: "create", line, id: found.id, machine: spec, labels, bmc };
      }
    }
  });
}

function identityOf({ uuid, serial, macs }: Registration): SpecOf<typeof Machine>["identity"] {
  return { ...(uuid !== undefined && { uuid }), ...(serial !== undefined && { serial }), macs };
}

function bmcOf({ port, ...bmc }: NonNullable<Registration["bmc"]>): SpecOf<typeof BmcConfig> {
  return { ...bmc, ...(port !== undefined && { port }), origin: "given" };
}
