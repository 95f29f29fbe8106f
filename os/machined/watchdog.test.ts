import { expect, test } from "vitest";
import { Vitals } from "./vitals.ts";
import { petting } from "./watchdog.ts";

function dog(check: () => Promise<string | undefined>) {
  const said: string[] = [];
  let pets = 0;
  const look = petting({ check, log: { write: (_, text) => void said.push(text) }, pet: () => pets++ });
  return { look, said, pets: () => pets };
}

test("the watchdog is petted while all is well, and left alone for ever once something has ended", async () => {
  const vitals = new Vitals();
  const { look, said, pets } = dog(() => vitals.check());
  await look();
  await look();
  expect(pets()).toBe(2);
  vitals.lost("the agent has ended");
  await look();
  await look();
  expect(pets()).toBe(2);
  expect(said).toEqual(["the watchdog is left to reset the machine: the agent has ended"]);
});

test("a look that never comes back is no sign of life", async () => {
  const { look, pets } = dog(() => new Promise(() => {}));
  void look();
  await look();
  expect(pets()).toBe(0);
});
