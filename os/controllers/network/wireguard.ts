import { controller } from "../../../cosi/engine/controller.ts";
import { namedBy } from "../../../cosi/engine/reads.ts";
import type { SpecOf } from "../../../cosi/resource.ts";
import { LinkStatus } from "../../resources/network/link.ts";
import { WireguardSpec } from "../../resources/network/wireguard.ts";
import { tellOnce } from "./tell-once.ts";

/** Tells the kernel what a WireGuard link's keys and peers are. */
export type SetWireguard = (index: number, spec: SpecOf<typeof WireguardSpec>) => Promise<void>;

export const wireguardSpecs = (set: SetWireguard) => {
  // Nobody else tells these links anything.
  const links = tellOnce(set);
  return controller({
    name: "WireguardSpec",
    each: WireguardSpec,
    reads: { link: namedBy(WireguardSpec, LinkStatus, ({ metadata }) => metadata.id) },
    async reconcile({ metadata: { id }, spec }, { link }) {
      if (link?.spec.kind !== "wireguard") return { do: "wait", why: `there is no WireGuard link ${id} yet` };
      await links.tell(id, link.spec.index, spec);
      return { do: "done" };
    },
    teardown({ metadata: { id } }) {
      // They go with their link.
      links.forget(id);
      return { do: "remove" };
    },
  });
};
