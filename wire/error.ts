/** The only error of this room. Its path grows while the call stack unwinds, so that success pays nothing for it. */
export class WireError extends Error {
  override readonly name = "WireError";
  readonly verb: "decode" | "encode";
  /** Byte at which the failing value begins: in the input when decoding, in the output when encoding. */
  readonly offset: number;
  readonly reason: string;
  /** Where in the value, outermost first: `options[3].routers`. Empty when the whole value is meant. */
  path = "";

  constructor(verb: "decode" | "encode", offset: number, reason: string, options?: ErrorOptions) {
    super(`Cannot ${verb} at byte ${offset}: ${reason}`, options);
    this.verb = verb;
    this.offset = offset;
    this.reason = reason;
  }

  /** The same error seen from the value that holds `step`: a field's name, or an index such as `[3]`. */
  inside(step: string): this {
    const separator = this.path === "" || this.path.startsWith("[") ? "" : ".";
    this.path = `${step}${separator}${this.path}`;
    this.message = `Cannot ${this.verb} ${this.path} at byte ${this.offset}: ${this.reason}`;
    return this;
  }
}
