/** Why an exchange with a BMC failed, as far as a caller acts differently on it. */
export type IpmiFailure =
  | "noAnswer"
  | "credentials"
  | "privilege"
  | "noFreeSession"
  | "suite"
  /** Refused in the present state of the server, mostly POST: worth asking again. */
  | "notNow"
  | "completion"
  | "malformed"
  | "closed";

export class IpmiError extends Error {
  override readonly name = "IpmiError";
  readonly kind: IpmiFailure;
  /** Of kinds `completion`, `privilege` and `notNow`. */
  readonly completion: number | undefined;

  constructor({
    kind,
    message,
    completion,
    cause,
  }: { kind: IpmiFailure; message: string; completion?: number; cause?: unknown }) {
    super(message, { cause });
    this.kind = kind;
    this.completion = completion;
  }
}
