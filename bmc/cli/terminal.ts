// A terminal joined to a serial console: ~. at the start of a line leaves it, as in ssh.
import type { Readable, Writable } from "node:stream";
import { type Bmc, isAbsent } from "../bmc.ts";

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
      if (line === "~.") break;
      await stream.write(typed);
    }
    await stream[Symbol.asyncDispose]();
    await shown;
  } finally {
    input.setRawMode?.(false);
    await stream[Symbol.asyncDispose]();
  }
}
