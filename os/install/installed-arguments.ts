import { installedHardeningArguments } from "../machined/hardening.ts";

/** What tells this boot where it came from and what to do once; an installed system finds that on its disk. */
const once = /^(talos\.config(\.\w+)?|ingot\.\w+|BOOT_IMAGE|BOOTIF|initrd|talos\.experimental\.wipe)(=|$)/;

/**
 * The kernel arguments of the system on the disk: this boot's, consoles and network above all, and the config's. Those
 * that an image wants (`wanted`) are the slot's matter, since the next image may want others.
 */
export function installedArguments(
  commandLine: string,
  extra: readonly string[],
  wanted: readonly string[] = [],
): string[] {
  const [first, ...rest] = commandLine.trim().match(/(?:[^\s"]|"[^"]*"?)+/g) ?? [];
  // UEFI hands over the whole command line, the name of the program before its arguments.
  const words = first === undefined || first === "kernel" ? rest : [first, ...rest];
  const kept = words.filter((word) => !once.test(word) && !extra.includes(word) && !wanted.includes(word));
  const all = [...kept, ...extra];
  // A panic must end in a restart: that is what brings a slot on trial back to the one before.
  const usual = [...installedHardeningArguments, "panic=10"];
  const isSaid = (argument: string) =>
    [...wanted, ...all].some((word) => word.startsWith(argument.replace(/=.*/, "=")));
  return [...all, ...usual.filter((argument) => !isSaid(argument))];
}

/** Those of a slot: what its image wants comes first, so that whoever operates the machine has the last word. */
export const slotArguments = (wanted: readonly string[], own: readonly string[]): string[] => [
  ...wanted.filter((word) => !own.includes(word)),
  ...own,
];
