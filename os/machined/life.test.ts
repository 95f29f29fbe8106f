import { expect, test } from "vitest";
import { chooseLife, type LifeFacts } from "./life.ts";

test.each<[LifeFacts, string, RegExp]>([
  [{ provisioner: "10.0.0.1:8444", configFrom: undefined }, "agent", /name a provisioner/],
  [{ provisioner: "10.0.0.1:8444", configFrom: "the image" }, "agent", /name a provisioner/],
  // Told to obey, though nobody can make out whom: it waits, rather than running what is on its disks.
  [{ provisioner: "", configFrom: "the image" }, "agent", /name a provisioner/],
  [{ provisioner: undefined, configFrom: "the image" }, "run", /a machine config, from the image/],
  [{ provisioner: undefined, configFrom: undefined }, "maintenance", /no machine config/],
])("with %j a machine leads the life of %s", (facts, life, why) => {
  expect(chooseLife(facts)).toEqual({ life, why: expect.stringMatching(why) as unknown });
});
