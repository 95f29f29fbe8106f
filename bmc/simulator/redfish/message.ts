// How the emulated service refuses: DMTF's Base message registry, and what vendors add.

export interface Answer {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** Text is sent as it is, anything else as JSON. */
  readonly body?: object | string;
}

/** Status, severity and text; %1 and %2 are arguments. */
const messages = {
  malformedJson: [400, "MalformedJSON", "The request body is not valid JSON."],
  propertyMissing: [400, "PropertyMissing", "The property %1 is required and missing."],
  propertyUnknown: [400, "PropertyUnknown", "The property %1 is not of this resource."],
  propertyReadOnly: [400, "PropertyNotWritable", "The property %1 cannot be written."],
  wrongType: [400, "PropertyValueTypeError", "The value of %1 has the wrong type."],
  notInList: [400, "PropertyValueNotInList", "The value of %1 is not one of those it takes."],
  unchanged: [400, "PropertyValueConflict", "The property %1 already has this value."],
  createLimit: [400, "CreateLimitReachedForResource", "No more of these can be created."],
  alreadyExists: [400, "ResourceAlreadyExists", "A resource with this %1 exists."],
  noCredentials: [401, "NoValidSession", "There is no valid session."],
  wrongCredentials: [401, "ResourceAtUriUnauthorized", "The credentials were refused."],
  privilege: [403, "InsufficientPrivilege", "The privilege does not suffice."],
  notFound: [404, "ResourceNotFound", "The resource %1 does not exist."],
  method: [405, "OperationNotAllowed", "The operation is not allowed here."],
  conflict: [409, "OperationFailed", "The server is already in that state."],
  etag: [412, "PreconditionFailed", "The ETag is not that of the resource."],
  odataVersion: [412, "PreconditionFailed", "OData is spoken here in version 4.0."],
  mediaType: [415, "GeneralError", "The request body is not application/json."],
  notImplemented: [501, "QueryNotSupported", "The query is not supported."],
  noSession: [503, "SessionLimitExceeded", "There are no free sessions."],
  starting: [503, "ServiceTemporarilyUnavailable", "The service is not available for now."],
} as const satisfies Record<string, readonly [status: number, id: string, text: string]>;
export type MessageName = keyof typeof messages;

const registry = "Base.1.16.0";

export function refuse(name: MessageName, ...args: readonly string[]): Answer {
  const [status, id, pattern] = messages[name];
  const text = pattern.replaceAll(/%(\d)/g, (_, index: string) => args[Number(index) - 1] ?? "");
  return refuseAs(status, `${registry}.${id}`, text, args);
}

/** With a message of a vendor's own. */
export function refuseAs(status: number, id: string, text: string, args: readonly string[] = []): Answer {
  const info = {
    "@odata.type": "#Message.v1_1_2.Message",
    MessageId: id,
    Message: text,
    MessageArgs: args,
    MessageSeverity: "Critical",
    Resolution: "None.",
  };
  return { status, body: { error: { code: id, message: text, "@Message.ExtendedInfo": [info] } } };
}

export const done: Answer = { status: 204 };
