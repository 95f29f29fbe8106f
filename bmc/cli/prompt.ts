import { createInterface } from "node:readline/promises";
import { type Readable, Writable } from "node:stream";

/** Asks without showing what is typed. Rejects when it is interrupted, or the input ends before anything was said. */
export async function promptSecret(
  question: string,
  { input, output }: { readonly input: Readable & { isTTY?: boolean }; readonly output: Writable },
): Promise<string> {
  output.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const reader = createInterface({ input, output: silent, terminal: input.isTTY === true });
  const unsaid = Promise.withResolvers<never>();
  // In a terminal, Ctrl-C arrives here and is no signal.
  reader.on("SIGINT", () => reader.close());
  reader.on("close", () => unsaid.reject(new Error("Cannot go on without a password")));
  try {
    return await Promise.race([reader.question(""), unsaid.promise]);
  } finally {
    reader.close();
    output.write("\n");
  }
}
