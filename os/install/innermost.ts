/** What happened at the bottom of it: Node's fetch hides that behind "fetch failed". */
export function innermost(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? innermost(error.cause) : error.message;
}
