import { controller } from "../../cosi/engine/controller.ts";
import { same } from "../../cosi/engine/reads.ts";
import { wipeOfRelease } from "../decisions/facts.ts";
import { Assignment } from "../resources/assignment.ts";
import { Machine } from "../resources/machine.ts";
import { WipeStatus } from "../resources/wipe-status.ts";

const name = "Release";
/** The finalizer by which it holds an assignment. */
export const releaseHold = name;

/** Lets an assignment go when its machine has been wiped after it, and not before. */
export const releaseController = () =>
  controller({
    name,
    each: Assignment,
    reads: { machine: same(Machine, { leaving: true }), wipe: same(WipeStatus, { leaving: true }) },

    reconcile: () => ({ do: "done" }),

    teardown(assignment, { machine, wipe }) {
      if (!machine) return { do: "remove", why: "its machine is gone" };
      const needed = wipeOfRelease(machine, assignment);
      const wipedAt = wipe?.spec.wipedAt ?? 0;
      if (wipedAt >= needed) return { do: "remove", why: `wiped under ${wipedAt}` };
      return { do: "wait", why: `its disks are to be wiped under ${needed} first` };
    },
  });
