// The account that a machine makes on its own BMC, so that whoever runs it can power it from outside.
import type { Privilege } from "../bmc.ts";
import { isAbsent } from "../bmc.ts";
import { ipmiAccounts, privilegeLevelOf } from "./accounts.ts";
import { ipmiChassis } from "./chassis.ts";
import type { Transport } from "./command.ts";
import { lanParameters } from "./commands/lan.ts";
import { IpmiError } from "./error.ts";
import { allowLanAccess } from "./lan-access.ts";
import { lanAddresses } from "./lan-addresses.ts";
import { findLanChannel } from "./lan-channel.ts";
import { readLanParameter } from "./lan-parameter.ts";

export interface OwnAccountOrder {
  readonly userName: string;
  readonly password: string;
  readonly privilege: Privilege;
  /** Leaves accounts and access alone, and tells what is there. */
  readonly onlyLook: boolean;
}

export interface OwnBmc {
  /** Where it answers; none when it has no address yet. */
  readonly addresses: readonly string[];
  readonly mac: string;
  readonly lanChannel: number;
  /** The account's; undefined when only looking and there is none of that name. */
  readonly userId: number | undefined;
  readonly manufacturer: string | undefined;
  readonly firmwareVersion: string | undefined;
}

/** Creates the account, or brings the one of that name to this password: repeated, it changes nothing or rotates. */
export async function setUpOwnAccount(transport: Transport, order: OwnAccountOrder): Promise<OwnBmc> {
  const { onlyLook, privilege } = order;
  const lanChannel = await findLanChannel(transport);
  const userId = await (onlyLook ? lookFor : putUser)(transport, order);
  if (!onlyLook) await allowLanAccess(transport, lanChannel, privilegeLevelOf[privilege]);
  const { manufacturer, bmcFirmware } = await ipmiChassis(transport).facts();
  return {
    addresses: await lanAddresses(transport, lanChannel),
    mac: await readLanParameter(transport, lanChannel, lanParameters.mac),
    lanChannel,
    userId,
    manufacturer,
    firmwareVersion: bmcFirmware,
  };
}

async function putUser(transport: Transport, { userName, password, privilege }: OwnAccountOrder) {
  const account = await ipmiAccounts(transport).put({ name: userName, password, privilege });
  if (!isAbsent(account)) return Number(account.id);
  throw new IpmiError({
    kind: "completion",
    message: `Cannot set up the account ${userName}: ${account.absent}`,
  });
}

async function lookFor(transport: Transport, { userName }: OwnAccountOrder): Promise<number | undefined> {
  const accounts = await ipmiAccounts(transport).list();
  const found = isAbsent(accounts)
    ? undefined
    : accounts.find(({ name }) => name === userName && name !== "");
  return found && Number(found.id);
}
