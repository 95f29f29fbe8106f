import { controller } from "../../../cosi/engine/controller.ts";
import type { LldpListeners } from "../../network/lldp/listeners.ts";
import { LinkStatus } from "../../resources/network/link.ts";

/** Listens for the switch on every port of hardware that is up. */
export const neighbors = (listeners: Pick<LldpListeners, "listen" | "stop">) =>
  controller({
    name: "LinkNeighbor",
    each: LinkStatus,
    reconcile({ metadata: { id }, spec: { physical, up, type, linkState, index } }) {
      if (physical && up && linkState && type === "ether") listeners.listen(id, index);
      else listeners.stop(id);
      return { do: "done" };
    },
  });
