import { expect, test } from "vitest";
import { Turnstile } from "./turnstile.ts";

test("lets as many through as it is wide, and the others in the order in which they came", async () => {
  const turnstile = new Turnstile(2);
  const came: number[] = [];
  let inside = 0;
  let most = 0;
  await Promise.all(
    Array.from({ length: 10 }, (_, n) =>
      turnstile.pass(async () => {
        came.push(n);
        most = Math.max(most, ++inside);
        await Promise.resolve();
        inside--;
      }),
    ),
  );
  expect(most).toBe(2);
  expect(came).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test("lets the next through after a failure too, and is as wide as before once all have left", async () => {
  const turnstile = new Turnstile(1);
  const failing = turnstile.pass(() => Promise.reject(new Error("broken")));
  const next = turnstile.pass(async () => "next");
  await expect(failing).rejects.toThrow("broken");
  expect(await next).toBe("next");
  expect(await turnstile.pass(async () => "later")).toBe("later");
});
