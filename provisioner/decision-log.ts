import type { Clock } from "../cosi/clock.ts";
import type { Log } from "../cosi/engine/runner.ts";

/** So long after a start every controller looks at every machine for the first time. */
const firstLookMs = 60_000;

/**
 * Every decision with its reason, once each time it changes. What is decided at the first look after a start was logged
 * before the stop: of ten thousand machines nobody would find the news in it.
 */
export function decisionLog(log: (text: string) => void, clock: Pick<Clock, "elapsedMs">): Log {
  const begunMs = clock.elapsedMs();
  const seen = new Set<string>();
  return {
    warn: (text) => log(text),
    info: (text) => {
      const isFirstLook = clock.elapsedMs() - begunMs < firstLookMs;
      const subject = text.slice(0, text.indexOf(":"));
      if (!isFirstLook) seen.clear();
      else if (!seen.has(subject)) {
        seen.add(subject);
        return;
      }
      log(text);
    },
  };
}
