import type { RebootOrder } from "../../../api/gen/ingot/agent/v1/orders_pb.js";
import type { Execute } from "../order-runner.ts";

/** Ends this boot. Reported as succeeded before it happens: afterwards there is nobody to report. */
export const rebootOrder =
  (restart: () => void): Execute<RebootOrder> =>
  async ({ kexec }) =>
    kexec
      ? { is: "refused", why: "this version restarts through the firmware only" }
      : { is: "succeeded", afterwards: restart };

export const powerOffOrder =
  (powerOff: () => void): Execute<unknown> =>
  async () => ({ is: "succeeded", afterwards: powerOff });
