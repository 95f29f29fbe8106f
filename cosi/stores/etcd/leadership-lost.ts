/** Thrown by a write that only a leader may do, when this process does not lead, or no longer. */
export class LeadershipLost extends Error {
  override readonly name = "LeadershipLost";
}
