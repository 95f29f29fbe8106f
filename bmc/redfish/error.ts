/** Why an exchange with a Redfish service failed, as far as a caller acts differently on it. */
export type RedfishFailure =
  | "noAnswer"
  | "untrusted"
  | "credentials"
  | "privilege"
  | "licence"
  | "noFreeSession"
  | "refused"
  | "malformed";

export class RedfishError extends Error {
  override readonly name = "RedfishError";
  readonly kind: RedfishFailure;
  /** Of an answer that refused. */
  readonly status: number | undefined;
  /** Such as "Base.1.8.PropertyMissing", of an answer that refused. */
  readonly messageIds: readonly string[];

  constructor({
    kind,
    message,
    status,
    messageIds = [],
    cause,
  }: {
    kind: RedfishFailure;
    message: string;
    status?: number;
    messageIds?: readonly string[];
    cause?: unknown;
  }) {
    super(message, { cause });
    this.kind = kind;
    this.status = status;
    this.messageIds = messageIds;
  }
}
