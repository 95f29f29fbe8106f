import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { promptSecret } from "./prompt.ts";

function terminal(isTTY: boolean) {
  const [input, output] = [Object.assign(new PassThrough(), { isTTY }), new PassThrough()];
  let shown = "";
  output.on("data", (chunk: Buffer) => (shown += chunk.toString()));
  return { input, output, shown: () => shown };
}

test.each([true, false])("a secret is asked for and not shown (in a terminal: %s)", async (isTTY) => {
  const { input, output, shown } = terminal(isTTY);
  const asked = promptSecret("Password: ", { input, output });
  input.write("hidden\r\n");
  expect(await asked).toBe("hidden");
  expect(shown()).toBe("Password: \n");
});

test.each<[string, (input: PassThrough) => void]>([
  ["Ctrl-C", (input) => input.write("\u0003")],
  ["Ctrl-D", (input) => input.write("\u0004")],
  ["the end of the input", (input) => input.end()],
])("%s ends it", async (_, end) => {
  const { input, output } = terminal(true);
  const asked = expect(promptSecret("Password: ", { input, output })).rejects.toThrow("without a password");
  end(input);
  await asked;
});
