import { controller } from "../../cosi/engine/controller.ts";
import type { ResourceType } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { NotFound } from "../../cosi/state-errors.ts";
import { BmcConfig } from "../resources/bmc-config.ts";
import { BootStatus } from "../resources/boot-status.ts";
import { IdentityConflict } from "../resources/identity-conflict.ts";
import { Installation } from "../resources/installation.ts";
import { Inventory } from "../resources/inventory.ts";
import { Machine } from "../resources/machine.ts";

/** What services and people wrote about a machine. What controllers made goes with it by itself. */
const about: readonly ResourceType[] = [BmcConfig, BootStatus, IdentityConflict, Installation, Inventory];

/** Clears what is known of a machine that is removed. Certificates and the audit stay. */
export const removalController = ({ state }: { readonly state: State }) =>
  controller({
    name: "Removal",
    each: Machine,

    reconcile: () => ({ do: "done" }),

    async teardown({ metadata: { id } }) {
      for (const type of about) {
        const found = await state.find(type, id);
        if (!found) continue;
        const { owner, finalizers } = found.metadata;
        const asOwner = state.as(owner);
        try {
          await asOwner.teardown(type, id);
          if (finalizers.length > 0)
            return { do: "wait", why: `${finalizers.join(" and ")} still need ${type.type}` };
          await asOwner.destroy(type, id);
        } catch (error) {
          if (!(error instanceof NotFound)) throw error;
        }
      }
      return { do: "remove" };
    },
  });
