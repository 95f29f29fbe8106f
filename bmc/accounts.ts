// The account that the provisioner keeps on a BMC: made from inside the machine or over the network, rotated, and the
// credentials that somebody gave in advance for a machine nobody has seen yet.
import { type Account, type Bmc, type BmcNetwork, isAbsent } from "./bmc.ts";

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export interface SetUpAccount extends Credentials {
  readonly account: Account;
  readonly network: BmcNetwork;
}

/** Without letters and digits that look alike, for whoever reads one from a screen. */
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
/** What IPMI 2.0 takes; 116 bits with this alphabet. */
const passwordLength = 20;

/** With a capital, a small letter and a digit, which some BMCs demand. */
export function newPassword(randomBytes: (size: number) => Uint8Array): string {
  for (;;) {
    // Bytes past the last whole multiple of the alphabet would make its first letters likelier.
    const fair = [...randomBytes(64)].filter((byte) => byte < 256 - (256 % alphabet.length));
    const password = fair
      .slice(0, passwordLength)
      .map((byte) => alphabet[byte % alphabet.length]!)
      .join("");
    if (
      password.length === passwordLength &&
      /[A-Z]/.test(password) &&
      /[a-z]/.test(password) &&
      /\d/.test(password)
    )
      return password;
  }
}

/**
 * Creates the account, or gives it a new password: done again, it is a rotation. Reads back where the BMC is reached.
 */
export async function setUpAccount(
  bmc: Bmc,
  { user, randomBytes }: { user: string; randomBytes: (size: number) => Uint8Array },
): Promise<SetUpAccount> {
  const password = newPassword(randomBytes);
  const account = await bmc.accounts.put({ name: user, password, privilege: "administrator" });
  if (isAbsent(account)) throw new Error(`Cannot set up the BMC's account ${user}: ${account.absent}`);
  const network = await bmc.controller.network();
  if (isAbsent(network)) throw new Error(`Cannot learn the BMC's address: ${network.absent}`);
  return { user, password, account, network };
}

/** Given in advance; any one of the marks suffices, and of several entries that fit, the first is taken. */
export interface GivenCredentials extends Credentials {
  readonly uuid?: string | undefined;
  readonly serial?: string | undefined;
  readonly mac?: string | undefined;
}

export function givenFor(
  entries: readonly GivenCredentials[],
  machine: {
    readonly uuids: readonly string[];
    readonly serial?: string | undefined;
    readonly macs: readonly string[];
  },
): Credentials | undefined {
  const has = (values: readonly string[], wanted: string | undefined) =>
    wanted !== undefined && values.some((value) => value.toLowerCase() === wanted.toLowerCase());
  return entries.find(
    ({ uuid, serial, mac }) =>
      has(machine.uuids, uuid) ||
      has(machine.macs, mac) ||
      (serial !== undefined && serial === machine.serial),
  );
}
