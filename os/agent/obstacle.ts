import { GrpcError } from "../../api/grpc/error.ts";
import { DistrustError } from "./enrol.ts";

export interface Obstacle {
  /** For somebody in front of the machine who did not write this program. */
  readonly sentence: string;
  /** Only people can help: asking again soon is no use. */
  readonly isLasting: boolean;
}

const causes: readonly (readonly [pattern: RegExp, says: string])[] = [
  [/ENETUNREACH|EADDRNOTAVAIL/, "this machine has no network yet"],
  [/EHOSTUNREACH/, "no such host is on the network"],
  [/ECONNREFUSED/, "the host is there, and nothing listens on that port"],
  [/ETIMEDOUT|[Dd]eadline/, "it does not answer"],
  [/ENOTFOUND|EAI_AGAIN|[Nn]ame resolution/, "its name cannot be resolved"],
  [
    /CERT_NOT_YET_VALID|not yet valid/,
    "its certificate is not valid yet: the clock of this machine is wrong",
  ],
  [/CERT_HAS_EXPIRED|has expired/, "a certificate has expired"],
];

/** What stands between this machine and its provisioner, in a sentence. */
export function obstacleOf(error: unknown, provisioner: string): Obstacle {
  if (error instanceof DistrustError) {
    return {
      sentence: `Somebody answers at ${provisioner} who is not the provisioner that this machine was told to trust: ${error.message}. Was it moved, or its authority renewed? Restarting from the network asks again.`,
      isLasting: true,
    };
  }
  const { code, details } = GrpcError.from(error);
  if (code === "unauthenticated" || code === "permissionDenied") {
    return {
      sentence: `The provisioner ${provisioner} does not let this machine in: ${details}. A boot token serves once and for a short time: restart the machine from the network to get another.`,
      isLasting: true,
    };
  }
  const known = causes.find(([pattern]) => pattern.test(details));
  return {
    sentence: `Cannot reach the provisioner ${provisioner}: ${known ? known[1] : details}.`,
    isLasting: false,
  };
}
