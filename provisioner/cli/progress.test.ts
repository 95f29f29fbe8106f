import { expect, test } from "vitest";
import { showProgress } from "./progress.ts";

test("what takes longer than a second says so, and is taken away again", () => {
  const written: string[] = [];
  const calls: (() => void)[] = [];
  const every = (_: number, call: () => void) => {
    calls.push(call);
    return { [Symbol.dispose]: () => calls.pop() };
  };
  {
    using _ = showProgress("waiting", (text) => written.push(text), { every });
    expect(written).toEqual([]);
    calls[0]!();
    calls[0]!();
  }
  expect(written).toEqual(["\rwaiting: 1 s\u001b[K", "\rwaiting: 2 s\u001b[K", "\r\u001b[K"]);
  {
    using _ = showProgress("waiting", (text) => written.push(text), { every });
  }
  expect(written).toHaveLength(3);
  expect(calls).toEqual([]);
});
