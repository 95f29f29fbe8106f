/** Everything that a command touches outside of itself. */
export interface Io {
  readonly out: (text: string) => void;
  readonly error: (text: string) => void;
  /** For what is not text: a file, an archive. */
  readonly outBytes: (bytes: Uint8Array) => Promise<void>;
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly now: () => Date;
  /** Aborts when the user has had enough. */
  readonly signal: AbortSignal;
  /** Lets the user change a text; resolves to what it is then. */
  readonly edit: (text: string) => Promise<string>;
}

/** Something went wrong that the user has to know, and nothing else of: no stack. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}
