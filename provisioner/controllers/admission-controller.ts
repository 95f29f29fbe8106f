import type { Clock } from "../../cosi/clock.ts";
import { controller } from "../../cosi/engine/controller.ts";
import { all } from "../../cosi/engine/reads.ts";
import { admit } from "../decisions/acceptance.ts";
import { AcceptanceRule } from "../resources/acceptance-rule.ts";
import { Admission } from "../resources/admission.ts";
import { Inventory } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";
import { writersAtOnce } from "./writers-at-once.ts";

/** Settles whether each machine may be worked on, by an operator's word or by the rules. */
export const admissionController = ({ clock }: { readonly clock: Pick<Clock, "now"> }) =>
  controller({
    name: "Admission",
    each: Machine,
    reads: { current: Admission, inventory: Inventory, rules: all(AcceptanceRule) },
    owns: Admission,
    concurrency: writersAtOnce,

    reconcile(machine, { current, inventory, rules }) {
      const asked = machine.spec.admission;
      const { is, by, why } = admit({ asked, current: current?.spec, inventory: inventory?.spec, rules });
      if (is === "waiting") return { do: "set", spec: { state: is, why }, why };
      const before = current?.spec;
      const at = before?.state === is && before.by === by ? before.at : clock.now();
      return { do: "set", spec: { state: is, by, why, at }, why };
    },
  });
