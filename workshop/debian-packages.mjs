/** Debian packages by the command that needs them. Each line says what for. */
export const debianPackages = {
  test: {
    "tftp-hpa": "a TFTP client that boot firmware resembles",
    atftp: "a TFTP client that speaks windowsize",
    busybox: "its TFTP and DHCP clients, and the initramfs of boot tests",
    curl: "a TFTP and HTTP client",
    "etcd-server": "the real etcd that the store's conformance suite runs against",
    openssl: "the independent judge of our certificates",
    cpio: "the independent judge of our initramfs",
  },
  lab: {
    "qemu-system-x86": "the machines of the lab",
    "ipxe-qemu": "the boot ROMs of their network cards",
    ovmf: "their UEFI firmware",
    iproute2: "their network",
    ethtool: "checksums that firmware accepts",
    "squashfs-tools": "the image builder's root filesystem",
    kmod: "the image builder's module index (depmod)",
    "xz-utils": "the image builder unpacks modules",
    "debian-archive-keyring": "the image builder verifies Debian's archive",
  },
};
