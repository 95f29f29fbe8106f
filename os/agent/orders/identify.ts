import { durationMs } from "@bufbuild/protobuf/wkt";
import type { IdentifyOrder } from "../../../api/gen/ingot/agent/v1/orders_pb.js";
import { isAbsent } from "../../../bmc/bmc.ts";
import type { Clock } from "../../../bmc/clock.ts";
import { ipmiChassis } from "../../../bmc/ipmi/chassis.ts";
import { type HostDevice, hostTransport } from "../../../bmc/ipmi/host-transport.ts";
import type { Execute } from "../order-runner.ts";

export interface IdentifyTools {
  /** Undefined where this machine has no BMC that answers from inside. */
  readonly openDevice: () => HostDevice | undefined;
  readonly clock: Clock;
}

/** IPMI's own limit; longer than that the light shines until it is told otherwise. */
const longestLightSeconds = 255;

/** Lights the lamp that tells a person which server is meant. */
export const identifyOrder =
  ({ openDevice, clock }: IdentifyTools): Execute<IdentifyOrder> =>
  async ({ light }, { signal }) => {
    const device = openDevice();
    if (!device) return { is: "refused", why: "this machine has no BMC that answers from inside" };
    await using bmc = hostTransport({ device, clock, signal });
    const seconds = Math.ceil((light ? durationMs(light) : 0) / 1000);
    const wanted = seconds === 0 ? "off" : seconds > longestLightSeconds ? "on" : seconds;
    const done = await ipmiChassis(bmc).identify(wanted);
    return isAbsent(done) ? { is: "refused", why: done.absent } : { is: "succeeded" };
  };
