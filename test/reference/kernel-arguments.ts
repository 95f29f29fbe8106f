// Every kernel argument that the operating system reads. documents.test.ts holds this to its sources.

interface Argument {
  readonly by: string;
  readonly about: string;
}

const provisioner = "the provisioner, to agents";
const installer = "the provisioner, to machines that it installs";
const loader = "the boot loader of an installed system";
const you = "whoever boots the machine";

export const kernelArguments: Readonly<Record<string, Argument>> = {
  "ingot.provisioner": {
    by: provisioner,
    about: "`HOST:PORT` of the provisioner; that it is there is what makes a machine an agent",
  },
  "ingot.ca": {
    by: provisioner,
    about:
      "`sha256:` and the fingerprint of the authority that it must show; to machines that it installs, too",
  },
  "ingot.token": { by: provisioner, about: "exchanged once for a certificate: signed, short-lived" },
  "ingot.boot": { by: provisioner, about: "the id of this boot, told again as proof that it arrived" },
  "ingot.image": { by: installer, about: "URL of the image to install, where the config names none" },
  "ingot.installed": { by: installer, about: "URL that is told when the system is on the disk" },
  "ingot.system": { by: loader, about: "the disk that the system is on" },
  "ingot.slot": { by: loader, about: "`a` or `b`: which of its slots was booted" },
  "ingot.trial": { by: you, about: "seconds that an upgraded slot has to become ready; 600 unless said" },
  "talos.config": {
    by: `${installer}; or you`,
    about: "URL of the machine config; `${uuid}` and others are filled in",
  },
  "talos.config.early": { by: you, about: "a machine config itself, zstd and base64, before any other" },
  "talos.config.inline": { by: you, about: "the same, after any other" },
  "talos.logging.kernel": { by: you, about: "URL that the kernel's log is sent to, as JSON lines" },
  "talos.hostname": { by: you, about: "the host name, where no config says one" },
  ip: {
    by: you,
    about: "an address, or `DEVICE:dhcp`, as Linux' nfsroot.rst has it; `enxMAC` names a card by its MAC",
  },
  bond: { by: you, about: "`NAME:CARD,CARD:OPTION=VALUE,…`, as dracut.cmdline(7) has it" },
  vlan: { by: you, about: "`NAME:CARD`, where the name ends in the VLAN's number" },
  panic: { by: you, about: "`0`: a fatal error is shown for ever, and the machine does not restart" },
};
