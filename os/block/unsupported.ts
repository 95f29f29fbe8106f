/** The device cannot do this at all, and nothing was changed by trying: another method may be tried. */
export class Unsupported extends Error {
  override readonly name = "Unsupported";
}
