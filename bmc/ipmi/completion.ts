// Completion codes. IPMI 2.0 §5.2, table 5-2.

export const completions = {
  ok: 0x00,
  nodeBusy: 0xc0,
  invalidCommand: 0xc1,
  invalidForLun: 0xc2,
  timeout: 0xc3,
  outOfSpace: 0xc4,
  reservationLost: 0xc5,
  truncated: 0xc6,
  wrongLength: 0xc7,
  lengthExceeded: 0xc8,
  parameterOutOfRange: 0xc9,
  cannotReturnSoMany: 0xca,
  notPresent: 0xcb,
  invalidField: 0xcc,
  illegalForRecord: 0xcd,
  noResponse: 0xce,
  duplicate: 0xcf,
  sdrInUpdate: 0xd0,
  firmwareUpdate: 0xd1,
  initialising: 0xd2,
  destinationUnavailable: 0xd3,
  privilege: 0xd4,
  stateForbids: 0xd5,
  subFunctionDisabled: 0xd6,
  unspecified: 0xff,
} as const;

const meanings: Readonly<Record<number, string>> = {
  [completions.nodeBusy]: "the BMC is busy",
  [completions.invalidCommand]: "the BMC does not know this command",
  [completions.invalidForLun]: "the command is invalid for this LUN",
  [completions.timeout]: "the BMC timed out inside",
  [completions.outOfSpace]: "the BMC is out of space",
  [completions.reservationLost]: "the reservation was lost",
  [completions.truncated]: "the request was cut short",
  [completions.wrongLength]: "the BMC expects another length",
  [completions.lengthExceeded]: "a field is too long",
  [completions.parameterOutOfRange]: "a parameter is out of range",
  [completions.cannotReturnSoMany]: "the BMC cannot return so many bytes",
  [completions.notPresent]: "there is no such sensor, data or record",
  [completions.invalidField]: "a field of the request is invalid",
  [completions.illegalForRecord]: "the command is illegal for this sensor or record",
  [completions.noResponse]: "the BMC could not give a response",
  [completions.duplicate]: "the BMC took this for a duplicate",
  [completions.sdrInUpdate]: "the SDR repository is being updated",
  [completions.firmwareUpdate]: "the BMC's firmware is being updated",
  [completions.initialising]: "the BMC is still starting",
  [completions.destinationUnavailable]: "the destination is unavailable",
  [completions.privilege]: "the user's privilege does not suffice",
  [completions.stateForbids]: "it is not possible in the present state, such as POST, or not supported",
  [completions.subFunctionDisabled]: "the function is disabled",
  [completions.unspecified]: "the BMC gave no reason",
};

/** They pass by themselves; the command is asked again. */
export const temporary: ReadonlySet<number> = new Set([
  completions.nodeBusy,
  completions.timeout,
  completions.sdrInUpdate,
  completions.initialising,
  completions.noResponse,
]);

/** They say that the BMC has no such thing: the verb is absent, not failed. */
export const absentCompletions: ReadonlySet<number> = new Set([
  completions.invalidCommand,
  completions.invalidForLun,
  completions.subFunctionDisabled,
]);

export const meaningOf = (code: number, own: Readonly<Record<number, string>> = {}): string =>
  `${own[code] ?? meanings[code] ?? "a completion code of its own"} (0x${code.toString(16).padStart(2, "0")})`;
