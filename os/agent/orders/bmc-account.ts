import {
  BmcAccountOrder_Privilege as Asked,
  type BmcAccountOrder,
} from "../../../api/gen/ingot/agent/v1/orders_pb.js";
import type { Privilege } from "../../../bmc/bmc.ts";
import type { Clock } from "../../../bmc/clock.ts";
import { type HostDevice, hostTransport } from "../../../bmc/ipmi/host-transport.ts";
import { setUpOwnAccount } from "../../../bmc/ipmi/own-account.ts";
import type { Execute } from "../order-runner.ts";

const privilegeOf: Readonly<Record<number, Privilege>> = {
  [Asked.USER]: "readOnly",
  [Asked.OPERATOR]: "operator",
  [Asked.ADMINISTRATOR]: "administrator",
};

export interface BmcAccountDeps {
  /** Such as `() => new IpmiDevice()`. Throws ENOENT where the machine has no BMC. */
  readonly openDevice: () => HostDevice;
  readonly clock: Clock;
}

/** Makes an account on the machine's own BMC, or only tells where that BMC is. */
export const bmcAccountOrder =
  ({ openDevice, clock }: BmcAccountDeps): Execute<BmcAccountOrder> =>
  async ({ userName, password, privilege, onlyLook }, { progress, signal }) => {
    const level = privilegeOf[privilege];
    if (!onlyLook && (level === undefined || userName === "" || password === "")) {
      return { is: "refused", why: "the order names no user, no password or no privilege" };
    }
    const device = openOrNone(openDevice);
    if (!device) return { is: "refused", why: "this machine has no BMC that answers from inside" };
    await using bmc = hostTransport({ device, clock, signal });
    progress({ doing: onlyLook ? "looking at the BMC" : `setting up ${userName} on the BMC` });
    const { addresses, manufacturer, firmwareVersion, userId, ...found } = await setUpOwnAccount(bmc, {
      userName,
      password,
      privilege: level ?? "none",
      onlyLook,
    });
    return {
      is: "succeeded",
      result: {
        case: "bmcAccount",
        value: {
          ...found,
          addresses: [...addresses],
          userId: userId ?? 0,
          manufacturer: manufacturer ?? "",
          firmwareVersion: firmwareVersion ?? "",
        },
      },
    };
  };

function openOrNone(openDevice: () => HostDevice): HostDevice | undefined {
  try {
    return openDevice();
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}
