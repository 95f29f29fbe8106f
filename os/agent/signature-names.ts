/** As blkid, and so everybody else, calls what is on a disk; what is not here has one name everywhere. */
const names: Readonly<Record<string, string>> = {
  md: "linux_raid_member",
  ddf: "ddf_raid_member",
  imsm: "isw_raid_member",
  lvm: "LVM2_member",
  luks: "crypto_LUKS",
  vmfs: "VMFS",
  "vmfs-l": "VMFS",
  zfs: "zfs_member",
};

export const signatureName = (name: string): string => names[name] ?? name;
