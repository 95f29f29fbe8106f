// A new password for the account that one logs in with, such that no failure leaves a BMC with a password nobody has.

import { type Bmc, isAbsent } from "../bmc.ts";
import { newPassword } from "../new-password.ts";
import { Lacking } from "./exit-codes.ts";

export interface PasswordFiles {
  /** For its owner's eyes alone. */
  readonly write: (path: string, text: string) => Promise<void>;
  readonly rename: (from: string, to: string) => Promise<void>;
  readonly remove: (path: string) => Promise<void>;
}

export interface ChangeOptions {
  readonly bmc: Bmc;
  readonly user: string;
  /** Where the password in use was read from, and the new one goes. */
  readonly file: string;
  readonly files: PasswordFiles;
  readonly randomBytes: (size: number) => Uint8Array;
  /** Resolves when that password lets us in. */
  readonly proves: (password: string) => Promise<void>;
}

export async function changePassword({
  bmc,
  user,
  file,
  files,
  randomBytes,
  proves,
}: ChangeOptions): Promise<void> {
  const accounts = await bmc.accounts.list();
  if (isAbsent(accounts)) throw new Lacking(`Cannot change the password: ${accounts.absent}`);
  const own = accounts.find(({ name }) => name === user);
  if (!own) throw new Lacking(`Cannot change the password: the BMC lists no account ${user}`);

  const password = newPassword(randomBytes);
  const beside = `${file}.new`;
  // Written before the BMC hears of it: a password that only the BMC knows is a walk to the data center.
  await files.write(beside, `${password}\n`);
  try {
    const answer = await bmc.accounts.put({ name: user, password, privilege: own.privilege });
    if (isAbsent(answer)) {
      await files.remove(beside);
      throw new Lacking(`Cannot change the password: ${answer.absent}`);
    }
    await proves(password);
  } catch (cause) {
    if (cause instanceof Lacking) throw cause;
    throw new Error(
      `Cannot tell which password holds: the new one is in ${beside}, the old one still in ${file}`,
      { cause },
    );
  }
  await files.rename(beside, file);
}
