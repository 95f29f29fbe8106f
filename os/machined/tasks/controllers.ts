import { randomBytes } from "node:crypto";
import { readFileSync } from "node:fs";
import { runtime } from "../../../cosi/engine/runtime.ts";
import { systemClock } from "../../../cosi/system-clock.ts";
import { NodeNetwork } from "../../controllers/network/node-network.ts";
import { type NodeClock, type TimeSyncOptions, timeSync } from "../../controllers/time-sync.ts";
import { setClock, slewClock } from "../../kernel/clock.ts";
import { setHostname } from "../../kernel/hostname.ts";
import { askTime } from "../../network/ntp/ask.ts";
import { stableHostname } from "../../network/stable-hostname.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

/** Puts the node's controllers to work, for as long as it runs. Nothing is waited for: they follow what comes. */
export const controllers: Task<Context> = {
  name: "controllers",
  run({ state, log, arguments: args }, signal) {
    const network = new NodeNetwork({
      state,
      clock: systemClock,
      random: Math.random,
      arguments: args(),
      usualHostname: stableHostname(productUuid()),
      sys: "/sys",
      resolvConf: "/run/resolv.conf",
      setHostname,
      said: (text) => log.write("info", text),
    });
    const engine = runtime({
      state,
      clock: systemClock,
      random: Math.random,
      controllers: [...network.controllers, timeSync({ clock: nodeClock, ask })],
      log: {
        info: (message) => log.write("debug", message),
        warn: (message, { error }) =>
          log.write("warn", error instanceof Error ? `${message}: ${error.message}` : message),
      },
    });
    void run();

    async function run() {
      await using _ = network;
      await engine.run(signal).catch((error: unknown) => log.write("error", `controllers: ${String(error)}`));
    }
  },
};

const nodeClock: NodeClock = {
  now: () => systemClock.now(),
  step: (offsetMs) => setClock(new Date(Date.now() + offsetMs)),
  slew: slewClock,
};

const ask: TimeSyncOptions["ask"] = (server, signal) =>
  askTime(server, { clock: systemClock, nonce: () => randomBytes(8).readBigUInt64LE(), signal });

function productUuid(): string | undefined {
  try {
    return readFileSync("/sys/class/dmi/id/product_uuid", "utf8").trim();
  } catch {
    // Machines without SMBIOS have none.
    return undefined;
  }
}
