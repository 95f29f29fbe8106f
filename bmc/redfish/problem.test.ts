import { expect, test } from "vitest";
import { isLack, problemOf, refusal, whyPassing } from "./problem.ts";

const body = (id: string, text = "") => ({
  error: { code: "Base.1.0.GeneralError", "@Message.ExtendedInfo": [{ MessageId: id, Message: text }] },
});

test.each([
  [400, body("iLO.2.14.UnableToModifyDuringSystemPOST"), "the server is in POST"],
  [503, body("iLO.2.14.NodeBusy"), "the BMC is busy"],
  [409, body("Base.1.8.ResourceInUse"), "the BMC is busy"],
  [400, body("iLO.2.14.ResetInProgress"), "the BMC or the server is being reset"],
  [503, undefined, "the BMC is not available"],
  [409, undefined, "the resource is in use"],
  [429, undefined, "the BMC is being asked too often"],
  [409, body("IDRAC.2.8.PSU501", "Server is already powered ON."), undefined],
  [400, body("Base.1.8.PropertyMissing"), undefined],
  [500, undefined, undefined],
])("%i with %j passes by itself because %s", (status, answer, why) => {
  expect(whyPassing(problemOf(status, answer))).toBe(why);
});

test.each([
  [401, undefined, "credentials"],
  [403, body("Base.1.8.InsufficientPrivilege"), "privilege"],
  [403, body("Base.1.8.PasswordChangeRequired"), "credentials"],
  [403, body("SMC.1.0.OemLicenseNotPassed", "Not licensed to perform this request."), "licence"],
  [403, body("iLO.2.14.Refused", "This needs a License key."), "licence"],
  [503, body("Base.1.8.SessionLimitExceeded"), "noFreeSession"],
  [400, body("Base.1.8.PropertyMissing"), "refused"],
])("%i with %j is of kind %s", (status, answer, kind) => {
  expect(refusal("do this", "bmc", problemOf(status, answer)).kind).toBe(kind);
});

test.each([
  [404, true],
  [405, true],
  [501, true],
  [400, false],
  [500, false],
])("%i is a lack: %s", (status, lacks) => {
  expect(isLack(refusal("do this", "bmc", problemOf(status, undefined)))).toBe(lacks);
});

test.each([
  ["of the wrong types", { error: { "@Message.ExtendedInfo": [7, null, { MessageId: {}, Message: 3 }] } }],
  ["that are no object", "no"],
  ["that are a list", [[]]],
  ["without end", body("X", "a\u0000b\n".repeat(100_000))],
])("words %s do no harm to what is reported", (_, answer) => {
  const { message } = refusal("do this", "bmc", problemOf(500, answer));
  expect(message.length).toBeLessThan(700);
  expect(message).toMatch(/^Cannot do this on bmc: [^\p{C}]*\(500.*\)$/u);
});
