/** Filesystems that several machines use at once: what is on such a disk is not this machine's to erase. */
const sharedFilesystems = new Set(
  ["VMFS", "VMFS_volume_member", "gfs", "gfs2", "gpfs", "ocfs2", "lustre"].map((name) => name.toLowerCase()),
);

/** The shared filesystem that a disk bears, if it does. */
export const sharedFilesystem = ({ signatures }: { readonly signatures: readonly string[] }) =>
  signatures.find((signature) => sharedFilesystems.has(signature.toLowerCase()));
