// A terminal joined to a serial console: ~. at the start of a line leaves it, as in ssh.
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { type Bmc, isAbsent } from "../bmc.ts";
import { Lacking } from "./exit-codes.ts";

const leave = "~.";

export interface Terminal {
  readonly input: Readable & { setRawMode?: (raw: boolean) => unknown };
  readonly output: Writable;
}

/** Until the user leaves it, or the BMC ends it. */
export async function joinConsole(
  bmc: Pick<Bmc, "console">,
  { input, output }: Terminal,
  options: { readonly takeOver?: boolean } = {},
): Promise<void> {
  await using stream = await bmc.console.open(options).then((opened) => {
    if (isAbsent(opened)) throw new Lacking(`Cannot open the console: ${opened.absent}`);
    return opened;
  });
  const left = new AbortController();
  const show = async () => {
    for await (const bytes of stream.output) {
      if (!output.write(bytes)) await once(output, "drain", { signal: left.signal });
    }
  };
  const type = async () => {
    let line = "";
    for await (const chunk of input.iterator({ destroyOnReturn: false })) {
      const typed = Buffer.from(chunk as Uint8Array);
      line = (line + typed.toString("latin1")).split(/[\r\n]/).at(-1)!;
      const leaves = line === leave;
      // What was typed, or pasted, before it still goes out.
      await stream.write(leaves ? typed.subarray(0, -leave.length) : typed);
      if (leaves) return;
    }
  };
  input.setRawMode?.(true);
  try {
    await Promise.race([show(), type()]);
  } finally {
    left.abort();
    input.setRawMode?.(false);
    input.pause();
  }
}
