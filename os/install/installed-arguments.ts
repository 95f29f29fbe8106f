/** What tells this boot where it came from and what to do once; an installed system finds that on its disk. */
const once = /^(talos\.config(\.\w+)?|ingot\.\w+|BOOT_IMAGE|BOOTIF|initrd|talos\.experimental\.wipe)(=|$)/;

/** The kernel arguments of the system on the disk: this boot's, consoles and network above all, and the config's. */
export function installedArguments(commandLine: string, extra: readonly string[]): string[] {
  const words = commandLine.trim().match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  const kept = words.filter((word) => !once.test(word) && !extra.includes(word));
  const all = [...kept, ...extra];
  // A panic must end in a restart: that is what brings a slot on trial back to the one before.
  return all.some((word) => word.startsWith("panic=")) ? all : [...all, "panic=10"];
}
