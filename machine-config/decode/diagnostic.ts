/** One thing that is wrong with a machine config, and where. */
export interface Diagnostic {
  /** From 1; 0 when the fault is of no one place. */
  readonly line: number;
  readonly column: number;
  /** Dotted, from the document's root: `machine.network.hostname`. */
  readonly path: string;
  readonly why: string;
}

/** Thrown for a config that is not one. Callers show each diagnostic at its place. */
export class InvalidMachineConfig extends Error {
  override readonly name = "InvalidMachineConfig";
  readonly diagnostics: readonly Diagnostic[];

  constructor(
    action: "read" | "accept" | "patch",
    diagnostics: readonly Diagnostic[],
    options?: ErrorOptions,
  ) {
    super(`Cannot ${action} machine config: ${diagnostics.map(diagnosticText).join("\n")}`, options);
    this.diagnostics = diagnostics;
  }
}

export function diagnosticText({ line, column, path, why }: Diagnostic): string {
  const place = line > 0 ? `line ${line}, column ${column}: ` : "";
  return `${place}${path}${path && ": "}${why}`;
}
