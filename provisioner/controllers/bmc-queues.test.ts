import { beforeEach, expect, test } from "vitest";
import type { Bmc } from "../../bmc/bmc.ts";
import { ipmiBmc } from "../../bmc/ipmi/driver.ts";
import { SimulatedChassis } from "../../bmc/simulator/chassis.ts";
import { insideTransport } from "../../bmc/simulator/ipmi/simulated-device.ts";
import { systemClock as bmcClock } from "../../bmc/system-clock.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import { systemClock } from "../../cosi/system-clock.ts";
import type { BmcConfig } from "../resources/bmc-config.ts";
import { BmcQueues } from "./bmc-queues.ts";

const config: SpecOf<typeof BmcConfig> = {
  address: "192.0.2.7",
  driver: "redfish",
  user: "admin",
  password: "secret",
  tls: { verify: "off" },
  origin: "given",
};

let opened: string[];
let closed: string[];
let busy: number;
beforeEach(() => {
  [opened, closed, busy] = [[], [], 0];
});

function open() {
  const servers = new Map<string, SimulatedChassis>();
  const queues = new BmcQueues({
    clock: systemClock,
    audit: () => {},
    async open({ password }, machine): Promise<Bmc> {
      opened.push(`${machine} ${password}`);
      const chassis = new SimulatedChassis({ clock: bmcClock });
      servers.set(machine, chassis);
      const bmc = await ipmiBmc(insideTransport(chassis));
      return {
        ...bmc,
        power: {
          ...bmc.power,
          async press(action) {
            expect(++busy, "commands at once").toBe(1);
            const done = await bmc.power.press(action);
            busy--;
            return done;
          },
        },
        [Symbol.asyncDispose]: async () => void closed.push(machine),
      };
    },
  });
  return { queues, servers };
}

const { signal } = new AbortController();

test("servers behind one BMC are told apart, and it does one thing at a time for both", async () => {
  const { queues, servers } = open();
  await using _ = queues;
  const [first, second] = ["blade-1", "blade-2"].map((machine) => queues.powerOf(machine, config));
  await Promise.all([first!.press("on", signal), second!.press("on", signal), first!.press("off", signal)]);
  expect(opened).toEqual(["blade-1 secret", "blade-2 secret"]);
  expect([...servers.values()].map(({ powered }) => powered)).toEqual([false, true]);
});

test("an account that changed is logged in with anew, and the old session given back", async () => {
  const { queues } = open();
  await using _ = queues;
  for (const password of ["secret", "secret", "rotated"])
    await queues.powerOf("m", { ...config, password }).press("on", signal);
  expect(opened).toEqual(["m secret", "m rotated"]);
  expect(closed).toEqual(["m"]);
});
