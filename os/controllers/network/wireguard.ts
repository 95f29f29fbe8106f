import { controller } from "../../../cosi/engine/controller.ts";
import { namedBy } from "../../../cosi/engine/reads.ts";
import type { SpecOf } from "../../../cosi/resource.ts";
import { LinkStatus } from "../../resources/network/link.ts";
import { WireguardSpec } from "../../resources/network/wireguard.ts";

/** Tells the kernel what a WireGuard link's keys and peers are. */
export type SetWireguard = (index: number, spec: SpecOf<typeof WireguardSpec>) => Promise<void>;

export const wireguardSpecs = (set: SetWireguard) => {
  /** What each link was told: nobody else tells it anything. */
  const told = new Map<string, string>();
  return controller({
    name: "WireguardSpec",
    each: WireguardSpec,
    reads: { link: namedBy(WireguardSpec, LinkStatus, ({ metadata }) => metadata.id) },
    async reconcile({ metadata: { id }, spec }, { link }) {
      if (link?.spec.kind !== "wireguard") return { do: "wait", why: `there is no WireGuard link ${id} yet` };
      const { index } = link.spec;
      const version = JSON.stringify({ index, spec });
      if (told.get(id) === version) return { do: "done" };
      await set(index, spec);
      told.set(id, version);
      return { do: "done" };
    },
    teardown({ metadata: { id } }) {
      // They go with their link.
      told.delete(id);
      return { do: "remove" };
    },
  });
};
