/** IPMI 2.0 §22.30 ends passwords at 20 bytes, and some BMCs take no punctuation. */
const length = 20;
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnpqrstuvwxyz23456789";

/** A password of its own for each BMC. `randomBytes` has to be fit for secrets. */
export function bmcPassword(randomBytes: (count: number) => Uint8Array): string {
  let password = "";
  while (password.length < length) {
    for (const byte of randomBytes(length)) {
      // What lies past the last whole multiple would make some letters likelier.
      if (byte >= 256 - (256 % alphabet.length) || password.length === length) continue;
      password += alphabet[byte % alphabet.length];
    }
  }
  return password;
}
