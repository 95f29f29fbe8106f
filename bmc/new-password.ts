/** Without letters and digits that look alike, for whoever reads one from a screen. */
const alphabet = "ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz23456789";
/** What IPMI 2.0 takes; 116 bits with this alphabet. */
const passwordLength = 20;

/** Of an account that is kept on a BMC. With a capital, a small letter and a digit, which some BMCs demand. */
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
