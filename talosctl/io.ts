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
  /** Undefined where the output is no terminal. */
  readonly terminal?: Terminal;
}

/** For what is drawn instead of printed. */
export interface Terminal {
  readonly size: () => { readonly columns: number; readonly rows: number };
  /** Tells of each key that is pressed, until it is disposed of. */
  readonly keys: (pressed: (key: string) => void) => Disposable;
}

/** Something went wrong that the user has to know, and nothing else of: no stack. */
export class CommandFailed extends Error {
  override readonly name = "CommandFailed";
}
