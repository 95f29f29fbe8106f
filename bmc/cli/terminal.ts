// A terminal joined to a serial console: ~. at the start of a line leaves it, as in ssh.
import type { Readable, Writable } from "node:stream";
import { type Bmc, isAbsent } from "../bmc.ts";

const leave = "~.";

export interface Terminal {
  readonly input: Readable & { setRawMode?: (raw: boolean) => unknown };
  readonly output: Writable;
}

export async function joinConsole(bmc: Bmc, { input, output }: Terminal): Promise<void> {
  const stream = await bmc.console.open();
  if (isAbsent(stream)) throw new Error(`Cannot open the console: ${stream.absent}`);
  input.setRawMode?.(true);
  try {
    const shown = (async () => {
      for await (const bytes of stream.output) output.write(bytes);
    })();
    let line = "";
    for await (const chunk of input) {
      const typed = Buffer.from(chunk as Uint8Array);
      line = (line + typed.toString("latin1")).split(/[\r\n]/).at(-1)!;
      const leaves = line === leave;
      // What was typed, or pasted, before it still goes out.
      await stream.write(leaves ? typed.subarray(0, -leave.length) : typed);
      if (leaves) break;
    }
    await stream[Symbol.asyncDispose]();
    await shown;
  } finally {
    input.setRawMode?.(false);
    await stream[Symbol.asyncDispose]();
  }
}
