/** Thrown by a write of which nobody can say whether it happened: read what is there, and decide anew. */
export class OutcomeUnknown extends Error {
  override readonly name = "OutcomeUnknown";
}
