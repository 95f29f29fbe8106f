import { createHash } from "node:crypto";

/** A name that is the same at every boot of the same machine: `ingot-` and three, and three characters. */
export function stableHostname(machineId: string | undefined): string {
  if (machineId === undefined || machineId === "") return "ingot";
  const digest = createHash("sha256").update(machineId.toLowerCase()).digest("hex");
  const text = BigInt(`0x${digest}`).toString(36);
  return `ingot-${text.slice(0, 3)}-${text.slice(3, 6)}`;
}
