import { mkdirSync } from "node:fs";
import { type Mount, mount } from "../../kernel/mount.ts";
import type { Task } from "../phases.ts";

const kernelOnly = ["nosuid", "nodev", "noexec"] as const;
const scratch = (target: string, options: string): Mount => ({
  source: "tmpfs",
  target,
  type: "tmpfs",
  flags: kernelOnly,
  options,
});

/** Everything that is writable is here; nothing that is writable can be executed. Stage 1 has mounted /dev. */
const mounts: readonly Mount[] = [
  { source: "proc", target: "/proc", type: "proc", flags: kernelOnly, options: "hidepid=invisible" },
  { source: "sysfs", target: "/sys", type: "sysfs", flags: kernelOnly },
  { source: "securityfs", target: "/sys/kernel/security", type: "securityfs", flags: kernelOnly },
  {
    source: "cgroup2",
    target: "/sys/fs/cgroup",
    type: "cgroup2",
    flags: kernelOnly,
    options: "nsdelegate,memory_recursiveprot",
  },
  {
    source: "devpts",
    target: "/dev/pts",
    type: "devpts",
    flags: ["nosuid", "noexec"],
    options: "mode=600,ptmxmode=600",
  },
  scratch("/dev/shm", "mode=1777,size=64m"),
  scratch("/run", "mode=755,size=64m"),
  scratch("/tmp", "mode=1777,size=64m"),
  scratch("/var", "mode=755,size=25%"),
  scratch("/system", "mode=755,size=64m"),
];

export const pseudoFilesystems: Task<unknown> = {
  name: "pseudo filesystems",
  run() {
    for (const it of mounts) {
      if (it.target.startsWith("/dev/")) mkdirSync(it.target, { recursive: true });
      mount(it);
    }
  },
};
