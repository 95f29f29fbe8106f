/** Labels that Ingot itself puts on resources. All others are the operator's, for selectors. */
export const labels = {
  /** The id of the machine that a resource is about, where that is not the resource's own id. */
  machine: "ingot.dev/machine",
  /** On Machines: the stage of its life, so that `list --selector` finds all that are stuck in one. */
  stage: "ingot.dev/stage",
  /** On WipeCertificates: the serial number of the disk, under which an auditor looks for it. */
  diskSerial: "ingot.dev/disk-serial",
  /** On Events and AuditEntries: what kind of thing happened. */
  kind: "ingot.dev/kind",
} as const;
