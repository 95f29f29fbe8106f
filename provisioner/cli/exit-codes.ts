// What the command's exit code says, for scripts. Shown by `ingot --help`.
export const exitCodes = {
  done: [0, "it is done, or was asked for"],
  failed: [1, "it failed: what went wrong is on standard error"],
  usage: [2, "the command line is wrong"],
  notFound: [3, "there is no such thing"],
  forbidden: [4, "the token is missing, refused, or may not do this"],
  conflict: [5, "it is not in a state for that, or has changed meanwhile"],
  invalid: [6, "fields are wrong"],
  unreachable: [7, "the provisioner does not answer, or is not the one that it should be"],
  missed: [8, "what was waited for came to something else, such as a failure"],
} as const satisfies Readonly<Record<string, readonly [code: number, meaning: string]>>;

export type Ending = keyof typeof exitCodes;

/** Ends the command with that code and this message. */
export class CommandFailure extends Error {
  override readonly name = "CommandFailure";
  readonly ending: Ending;

  constructor(ending: Ending, message: string, options?: ErrorOptions) {
    super(message, options);
    this.ending = ending;
  }

  get code(): number {
    return exitCodes[this.ending][0];
  }
}

const byStatus: Readonly<Record<number, Ending>> = {
  400: "invalid",
  401: "forbidden",
  403: "forbidden",
  404: "notFound",
  409: "conflict",
  412: "conflict",
  413: "invalid",
  422: "invalid",
};

export const endingOf = (status: number): Ending => byStatus[status] ?? "failed";
