import { existsSync } from "node:fs";
import { Interfaces } from "../../network/interfaces.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** The longest that a timer of Node can wait. */
const longestMs = 2 ** 31 - 1;

/** Starts looking after the network; having an address is not waited for, because there may be none for a long time. */
export const network: Task<Context> = {
  name: "network",
  run(context) {
    void new Interfaces({
      hostName: context.arguments().last("talos.hostname"),
      random: Math.random,
      clock: {
        // Not the wall clock: it may jump by decades at boot, and a lease lasts as long as it lasts.
        now: () => performance.now(),
        at(timeMs, call) {
          const timer = setTimeout(call, Math.min(Math.max(0, timeMs - performance.now()), longestMs));
          return { [Symbol.dispose]: () => clearTimeout(timer) };
        },
      },
      resolvConf: "/run/resolv.conf",
      isPhysical: (name) => existsSync(`/sys/class/net/${name}/device`),
      said: (text) => context.log.write("info", text),
    });
  },
};
