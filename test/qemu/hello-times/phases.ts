export interface HelloTimes {
  readonly helloS: number;
  /** Of PID 1, when it said hello. */
  readonly megabytes: number;
  /** In their order; together they last as long as the hello took. */
  readonly phases: readonly { readonly name: string; readonly seconds: number }[];
}

/** What a machine's console tells of its way to the hello: the kernel stamps every line. */
export function helloPhases(console: string): HelloTimes {
  const at = (pattern: RegExp): number => {
    const line = console.split("\n").find((it) => pattern.test(it));
    const stamp = /\[ *(\d+\.\d+)\]/.exec(line ?? "")?.[1];
    if (stamp === undefined) throw new Error(`Cannot find ${pattern} on the console`);
    return Number(stamp);
  };
  const number = (pattern: RegExp) => Number(pattern.exec(console)![1]);
  const programAt = at(/ingot: program started/);
  const nodeS = number(/program started in (\d+) ms/) / 1000;
  const helloS = number(/Said hello to the provisioner ([\d.]+) s/);
  const ends: readonly (readonly [name: string, endS: number])[] = [
    ["kernel, root", programAt - nodeS],
    ["Node and program", programAt],
    ["hardening", at(/ingot: hardening: hardening done/)],
    // Side by side: the card's driver and the address, and the drivers of all that is no disk.
    ["drivers, address", Math.max(at(/ingot: devices: hardware done/), at(/: bound to /))],
    ["hello", helloS],
  ];
  const phases = ends.map(([name, endS], nth) => ({ name, seconds: endS - (ends[nth - 1]?.[1] ?? 0) }));
  return { helloS, megabytes: number(/with (\d+) MB of memory in use/), phases };
}
