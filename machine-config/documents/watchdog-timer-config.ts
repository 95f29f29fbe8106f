import { durationMs } from "../schema/duration.ts";
import { duration, text } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

const minimumMs = 10_000;

export const watchdogTimerConfig = documentKind({
  kind: "WatchdogTimerConfig",
  fields: { device: text, timeout: duration },
  required: ["device"],
  *rules({ timeout = "0" }) {
    const ms = durationMs(timeout);
    if (ms !== 0 && ms < minimumMs) yield ["timeout", "must be at least 10s"];
  },
});
