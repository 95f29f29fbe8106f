// What a refusal means: the status, the messages of the body (DSP0266 §8.6), and which of them pass by themselves.
import { RedfishError, type RedfishFailure } from "./error.ts";
import { isRecord } from "./shape.ts";

export interface Problem {
  readonly status: number;
  readonly messageIds: readonly string[];
  /** In the BMC's words; empty when it gave none. */
  readonly text: string;
}

/** More would be a BMC that fills our log. */
const mostText = 500;

/** Never fails: there is a refusal to report, whatever its body looks like. */
export function problemOf(status: number, body: unknown): Problem {
  const error = isRecord(body) && isRecord(body["error"]) ? body["error"] : {};
  const extended = error["@Message.ExtendedInfo"];
  const messages = (Array.isArray(extended) ? extended : [error]).filter(isRecord);
  const texts = (name: string) =>
    messages.map((message) => message[name]).filter((value) => typeof value === "string");
  const said = texts("Message").length > 0 ? texts("Message") : texts("message");
  return {
    status,
    messageIds: [...texts("MessageId"), ...texts("code")].slice(0, 16),
    text: said
      .join(" ")
      .replaceAll(/[\p{C}\s]+/gu, " ")
      .slice(0, mostText),
  };
}

/** They pass by themselves, and the request has not been acted on. First match wins. */
const passing: ReadonlyArray<readonly [why: string, when: (problem: Problem) => boolean]> = [
  ["the server is in POST", says(/DuringSystemPOST|SystemPOST/i)],
  ["the BMC is busy", says(/NodeBusy|ResourceInUse|ResourceNotReady|OperationInProgress|JobInProgress/i)],
  ["the BMC or the server is being reset", says(/ResetInProgress|ResetRequired/i)],
  [
    "the BMC is still starting",
    says(/ServiceTemporarilyUnavailable|ResourceInStandby|ServiceInUnknownState/i),
  ],
  ["the BMC is being asked too often", ({ status }) => status === 429],
  ["the BMC is not available", ({ status, messageIds }) => status === 503 && messageIds.length === 0],
  ["the resource is in use", ({ status, messageIds }) => status === 409 && messageIds.length === 0],
];

function says(pattern: RegExp) {
  return ({ messageIds }: Problem) => messageIds.some((id) => pattern.test(id));
}

export const whyPassing = (problem: Problem): string | undefined =>
  passing.find(([, when]) => when(problem))?.[0];

/** What the caller can do about it. First match wins. */
const kinds: ReadonlyArray<readonly [RedfishFailure, cause: string, when: (problem: Problem) => boolean]> = [
  ["credentials", "the password has to be changed first", says(/PasswordChangeRequired/)],
  ["noFreeSession", "all its sessions are taken", says(/SessionLimitExceeded|CreateLimitReached/)],
  [
    "licence",
    "it wants a licence for that",
    ({ messageIds, text, status }) =>
      status === 403 && (messageIds.some((id) => /licen[sc]e/i.test(id)) || /licen[sc]e/i.test(text)),
  ],
  ["credentials", "wrong user or password", ({ status }) => status === 401],
  ["privilege", "the user's privilege does not suffice", ({ status }) => status === 403],
];

export function refusal(what: string, peer: string, problem: Problem, passes?: string): RedfishError {
  const { status, messageIds, text } = problem;
  const [kind, cause] = kinds.find(([, , when]) => when(problem)) ?? ["refused" as const, passes];
  const told = [cause, text].filter(Boolean).join(": ") || "it gave no reason";
  return new RedfishError({
    kind,
    status,
    messageIds,
    message: `Cannot ${what} on ${peer}: ${told} (${[status, messageIds[0]].filter(Boolean).join(" ")})`,
  });
}

/** How services say that there is no such thing. */
const absentStatuses: ReadonlySet<number | undefined> = new Set([404, 405, 410, 501]);

export const isLack = (error: unknown): error is RedfishError =>
  error instanceof RedfishError && (error.kind === "licence" || absentStatuses.has(error.status));
