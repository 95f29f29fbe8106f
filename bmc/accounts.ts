// Passwords of the accounts that are kept on BMCs, and the credentials that somebody gave in advance for a machine
// nobody has seen yet.
export interface Credentials {
  readonly user: string;
  readonly password: string;
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
