// What the lab's switch does to frames when cables are bad, seen by who sends them.
import { spawnSync } from "node:child_process";
import { expect, test } from "vitest";
import { Cabling } from "./framework/cabling.ts";
import type { Cable } from "./framework/description.ts";
import { openNetwork } from "./framework/network.ts";

/** A link of this switch is named when it is made: ours is its first. */
const ours = "h0";

const answers = (count = 1) => {
  const args = ["ping", "-c", String(count), "-W", "1", "-A", "10.1.0.2"];
  const { stdout } = spawnSync("busybox", args, { encoding: "utf8" });
  return Number(/(\d+) packets received/.exec(stdout)?.[1]);
};

/** The kernel notices that a link is up when it likes to: the first question after that may be too early. */
const comesBack = () => answers(5) > 0;

test("frames pass, are lost, and pass no port that spanning tree still looks at", () => {
  using network = openNetwork();
  network.plugIn("10.1.0.1/24");
  network.addHost("other", "10.1.0.2/24");
  expect(answers()).toBe(1);

  const cable = (fault: Cable) => new Cabling([{ network, port: ours, cable: fault }]);
  const cabling = cable({ blockedForMs: 3_600_000 });
  expect(answers()).toBe(1);
  cabling.linksUp();
  expect(answers()).toBe(0);
  cabling[Symbol.dispose]();
  expect(comesBack()).toBe(true);

  cable({ plugged: false });
  expect(answers()).toBe(0);
  network.setLink(ours, "up");
  expect(comesBack()).toBe(true);

  // Three of ten questions, and of the answers: neither all nor none of twenty comes through.
  cable({ lossPercent: 30 });
  const heard = answers(20);
  expect(heard).toBeGreaterThan(0);
  expect(heard).toBeLessThan(20);
  network.setLoss(ours, 100);
  expect(answers()).toBe(0);
});
