// How the kernel is to protect itself: what the Kernel Self Protection Project and the CIS benchmarks ask for, as far
// as a node that boots itself can do it. Adding a demand is adding a row.

/** Below /proc/sys. */
export const kernelParameters: Readonly<Record<string, string>> = {
  "kernel.kptr_restrict": "2",
  "kernel.dmesg_restrict": "1",
  "kernel.perf_event_paranoid": "3",
  "kernel.randomize_va_space": "2",
  "kernel.yama.ptrace_scope": "3",
  "kernel.unprivileged_bpf_disabled": "1",
  "kernel.io_uring_disabled": "2",
  "kernel.sysrq": "0",
  "kernel.panic_on_oops": "1",
  "net.core.bpf_jit_harden": "2",
  "vm.unprivileged_userfaultfd": "0",
  "vm.mmap_rnd_bits": "32",
  "dev.tty.ldisc_autoload": "0",
  "dev.tty.legacy_tiocsti": "0",
  "fs.protected_symlinks": "1",
  "fs.protected_hardlinks": "1",
  "fs.protected_fifos": "2",
  "fs.protected_regular": "2",
  "fs.suid_dumpable": "0",
  "user.max_user_namespaces": "0",
  "net.ipv4.tcp_syncookies": "1",
  "net.ipv4.icmp_echo_ignore_broadcasts": "1",
  "net.ipv4.conf.all.accept_redirects": "0",
  "net.ipv4.conf.default.accept_redirects": "0",
  "net.ipv4.conf.all.send_redirects": "0",
  "net.ipv4.conf.all.accept_source_route": "0",
  "net.ipv6.conf.all.accept_redirects": "0",
  "net.ipv6.conf.default.accept_redirects": "0",
  "net.ipv6.conf.all.accept_source_route": "0",
};

/** Arguments that only the boot loader can give. An image names them in its manifest. */
export const hardeningArguments: readonly string[] = [
  "slab_nomerge",
  "page_alloc.shuffle=1",
  "randomize_kstack_offset=on",
  "vsyscall=none",
  "debugfs=off",
];

/**
 * Beside them, for a system on a disk. The kernel then clears all of memory before it begins: half a second for each
 * gigabyte of an emulated machine, minutes on a server with terabytes, which one that boots by network only to wait for
 * orders does not pay. What is allocated is cleared on every boot (init_on_alloc, the kernel's default).
 */
export const installedHardeningArguments: readonly string[] = ["init_on_free=1"];

/** What was found on the node. */
export interface SecurityFacts {
  readonly parameters: Readonly<Record<string, string | undefined>>;
  /** As /sys/kernel/security/lockdown shows it: `none [integrity] confidentiality`. */
  readonly lockdown: string;
  readonly moduleSignatureEnforced: boolean;
  readonly secureBoot: boolean;
  /** Lines of /proc/mounts. */
  readonly mounts: readonly string[];
  readonly cmdline: string;
}

export const lockdownOf = (text: string): string => /\[(\w+)\]/.exec(text)?.[1] ?? "none";

/** Filesystems that nobody has to execute from, or make devices in. */
const writable = ["/tmp", "/run", "/var", "/system", "/dev/shm", "/proc", "/sys"];

/** A sentence for each demand that the node does not meet; none is the aim. */
export function unmetDemands(facts: SecurityFacts): string[] {
  const { parameters, lockdown, moduleSignatureEnforced, secureBoot, mounts, cmdline } = facts;
  const words = new Set(cmdline.split(/\s+/));
  const optionsOf = (target: string) =>
    mounts.find((line) => line.split(" ")[1] === target)?.split(" ")[3] ?? "";
  return [
    ...Object.entries(kernelParameters).flatMap(([name, wanted]) => {
      const found = parameters[name];
      // A feature that this kernel does not have needs no protection.
      return found === undefined || found === wanted ? [] : [`${name} is ${found}, not ${wanted}`];
    }),
    ...(lockdownOf(lockdown) === "none" ? ["the kernel is not locked down"] : []),
    ...(moduleSignatureEnforced ? [] : ["kernel modules need no signature"]),
    ...(secureBoot ? [] : ["Secure Boot is off"]),
    ...writable
      .filter(
        (target) =>
          !["nosuid", "nodev", "noexec"].every((flag) => optionsOf(target).split(",").includes(flag)),
      )
      .map((target) => `${target} is mounted without nosuid, nodev or noexec`),
    ...(optionsOf("/").split(",").includes("ro") ? [] : ["the root is writable"]),
    ...[...hardeningArguments, ...(cmdline.includes("ingot.system=") ? installedHardeningArguments : [])]
      .filter((argument) => !words.has(argument))
      .map((argument) => `the kernel was started without ${argument}`),
    ...["mitigations=off", "nokaslr", "nosmep", "nosmap"]
      .filter((argument) => words.has(argument))
      .map((argument) => `the kernel was started with ${argument}`),
  ];
}
