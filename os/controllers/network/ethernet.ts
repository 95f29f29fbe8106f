import { controller } from "../../../cosi/engine/controller.ts";
import { namedBy } from "../../../cosi/engine/reads.ts";
import type { SpecOf } from "../../../cosi/resource.ts";
import { EthernetSpec } from "../../resources/network/ethernet.ts";
import { LinkStatus } from "../../resources/network/link.ts";
import { tellOnce } from "./tell-once.ts";

/** Tells a card what it shall be. Rejects with what it cannot. */
export type SetEthernet = (index: number, spec: SpecOf<typeof EthernetSpec>) => Promise<void>;

export const ethernetSpecs = (set: SetEthernet) => {
  // Drivers begin anew when they are told the same again.
  const links = tellOnce(set);
  return controller({
    name: "EthernetSpec",
    each: EthernetSpec,
    reads: { link: namedBy(EthernetSpec, LinkStatus, ({ metadata }) => metadata.id) },
    async reconcile({ metadata: { id }, spec }, { link }) {
      if (!link) return { do: "wait", why: `there is no link ${id}` };
      await links.tell(id, link.spec.index, spec);
      return { do: "done" };
    },
    teardown({ metadata: { id } }) {
      // What it was before nobody knows: it stays so until the machine restarts.
      links.forget(id);
      return { do: "remove" };
    },
  });
};
