// What the image is made of. Adding a program to the image is adding a row; its libraries are found by themselves.

/** Programs taken from Debian packages, with the names they are called by. Nothing else of a package is kept. */
const programs: readonly { from: string; file: string; names?: readonly string[] }[] = [
  // The kernel's own request_module calls /sbin/modprobe: filesystems, network families, container networking.
  { from: "kmod", file: "usr/bin/kmod", names: ["usr/sbin/modprobe"] },
  { from: "e2fsprogs", file: "usr/sbin/mke2fs", names: ["usr/sbin/mkfs.ext4"] },
  { from: "e2fsprogs", file: "usr/sbin/e2fsck", names: ["usr/sbin/fsck.ext4"] },
  { from: "xfsprogs", file: "usr/sbin/mkfs.xfs" },
  { from: "xfsprogs", file: "usr/sbin/xfs_repair" },
  // Sets up what only a process can do to itself, before it becomes a service's program.
  { from: "util-linux", file: "usr/bin/setpriv" },
  { from: "dosfstools", file: "usr/sbin/mkfs.fat", names: ["usr/sbin/mkfs.vfat"] },
];

/** Files taken as they are, to the same place. */
const data: readonly { from: string; file: string }[] = [
  // The inventory tells devices by their names.
  { from: "pci.ids", file: "usr/share/misc/pci.ids" },
  { from: "firmware-linux-free", file: "usr/lib/firmware" },
];

/** GRUB, of which an installed machine's boot loader is made while the image is built; none of its programs is kept. */
export const bootLoader = {
  /** grub-mkimage, and the libraries that it asks for: the suite's own, whatever this host has. */
  tool: { from: "grub-common", file: "usr/bin/grub-mkimage" },
  libraries: [
    "libc6",
    "liblzma5",
    "libdevmapper1.02.1",
    "libselinux1",
    "libudev1",
    "libpcre2-8-0",
    "libcap2",
  ],
  /** What the core must know to read a script from a FAT, and a kernel from a bare partition. */
  modules: [
    "part_gpt",
    "fat",
    "normal",
    "configfile",
    "loadenv",
    "regexp",
    "test",
    "true",
    "echo",
    "sleep",
    "reboot",
    "minicmd",
    "linux",
    "boot",
  ],
  bios: { from: "grub-pc-bin", format: "i386-pc", modules: ["biosdisk"] },
  efi: { from: "grub-efi-amd64-bin", format: "x86_64-efi", modules: [] },
} as const;

/** Packages whose libraries may be taken when a program asks for them. */
const libraryPackages: readonly string[] = [
  "libc6",
  "libgcc-s1",
  "libstdc++6",
  "libatomic1",
  "libkmod2",
  "liblzma5",
  "libzstd1",
  "libssl3t64",
  "zlib1g",
  "libext2fs2t64",
  "libcom-err2",
  "libblkid1",
  "libuuid1",
  "libinih1",
  "liburcu8t64",
  "libcap-ng0",
];

/** Mount points and the links that Linux programs expect. */
export const folders: readonly string[] = [
  "dev",
  "proc",
  "sys",
  "run",
  "tmp",
  "var",
  "system",
  "etc/modprobe.d",
  "etc/ssl/certs",
  "usr/bin",
  "usr/sbin",
  "usr/lib/ingot",
];

export const links: Readonly<Record<string, string>> = {
  bin: "usr/bin",
  sbin: "usr/sbin",
  lib: "usr/lib",
  lib64: "usr/lib64",
  "etc/resolv.conf": "/run/resolv.conf",
  "etc/hosts": "/run/hosts",
  "etc/ssl/certs/ca-certificates.crt": "/run/ca-certificates.crt",
  "etc/mtab": "/proc/self/mounts",
};

const files: Readonly<Record<string, string>> = {
  "etc/os-release": 'ID=ingot\nNAME="Ingot"\nPRETTY_NAME="Ingot"\n',
  "etc/passwd": "root:x:0:0:root:/:/nonexistent\nnobody:x:65534:65534:nobody:/:/nonexistent\n",
  "etc/group": "root:x:0:\nnogroup:x:65534:\n",
  // Loading it otherwise makes a bond that nobody asked for.
  "etc/modprobe.d/bonding.conf": "options bonding max_bonds=0\n",
  // mke2fs refuses to start without its own.
  "etc/mke2fs.conf":
    "[defaults]\n\tbase_features = sparse_super,large_file,filetype,resize_inode,dir_index,ext_attr\n\tblocksize = 4096\n\tinode_size = 256\n[fs_types]\n\text4 = {\n\t\tfeatures = has_journal,extent,huge_file,flex_bg,metadata_csum,64bit,dir_nlink,extra_isize\n\t}\n",
};

export const contents = { programs, data, libraryPackages, files } as const;

/** The container runtime is an extension, not a part: a machine in agent mode needs none of it. */
export const kernelPackage = { amd64: "linux-image-amd64", arm64: "linux-image-arm64" } as const;

/** Modules by path below `kernel/`. Each profile adds to the one above it. */
const everywhere = [
  /^fs\/(squashfs|overlayfs|ext4|jbd2|xfs|fat|nls|isofs|efivarfs|fuse)\//,
  /^fs\/(mbcache|binfmt_misc)\b/,
  // ext4 and xfs ask for it by name only ("Cannot load crc32c driver"): no dependency tells of it.
  /^(arch\/x86\/)?crypto\/crc32c[-_]/,
  /^drivers\/block\/(loop|zram)/,
  /^drivers\/md\/(dm-mod|dm-verity|dm-crypt|dm-bufio|dm-flakey|dm-delay|dm-snapshot|md-mod|raid)/,
  /^net\/(8021q|bridge|llc|802|packet|unix)\//,
  /^drivers\/net\/(bonding|dummy|veth|tun|wireguard|macvlan|vrf|vxlan)/,
  /^drivers\/watchdog\//,
  /^drivers\/char\/(ipmi|hw_random|tpm|virtio_console)/,
  /^drivers\/(virtio|nvme|ata|cdrom)\//,
  /^drivers\/scsi\/(sd_mod|sr_mod|sg|scsi_mod|scsi_common|virtio_scsi|ses|st)\./,
  /^drivers\/block\/virtio_blk/,
  /^drivers\/net\/(virtio_net|net_failover)/,
  /^drivers\/net\/ethernet\/intel\/(e1000|e1000e)\//,
  /^drivers\/(input|hid)\/(evdev|hid|hid-generic|usbhid)/,
  /^drivers\/input\/evdev/,
  /^drivers\/acpi\/(button|ipmi)/,
  /^drivers\/usb\/(host|core|storage|common)\//,
  /^drivers\/hid\/(hid|hid-generic|usbhid\/.*)\./,
  /^drivers\/firmware\//,
];

const metal = [
  /^drivers\/net\/ethernet\//,
  /^drivers\/net\/(phy|mdio|pcs|dsa)\//,
  /^drivers\/net\/(mii|mdio)/,
  /^drivers\/net\/usb\//,
  /^drivers\/(scsi|message|block|nvme|infiniband\/hw\/(mlx|bnxt|irdma))/,
  /^drivers\/(md|mfd|pci|i2c|dma|dca|hwmon)\//,
  /^drivers\/(ptp|pps|edac|acpi)\//,
];

/** Never shipped: sound, pictures and what nobody boots a server for; they would double the image. */
const never = [
  /^drivers\/(scsi\/(pcmcia|aic94xx)|usb\/storage\/(ums-realtek|ums-eneub))/,
  /^drivers\/i2c\/muxes\//,
];

export const profiles = {
  virt: { modules: everywhere, never },
  metal: { modules: [...everywhere, ...metal], never },
} as const;

export type Profile = keyof typeof profiles;
