import { expect, test } from "vitest";
import { decodeTrial, encodeTrial, type TrialRecord, whyItFell } from "./trial.ts";

const tried: TrialRecord = { slot: "b", image: "http://images/2" };

test.each<[TrialRecord, boolean, string]>([
  [
    { ...tried, reached: "running", failure: "it was not ready within 60 s" },
    true,
    "it was not ready within 60 s",
  ],
  [
    { ...tried, reached: "booting" },
    true,
    `it hung after it had reached "booting": the watchdog reset the machine`,
  ],
  [tried, true, "it hung before PID 1 was up: the watchdog reset the machine"],
  [
    tried,
    false,
    "nothing was heard of it: its kernel or its first process ended in a panic, or the power was lost",
  ],
  [
    { ...tried, reached: "PID 1" },
    false,
    `it ended without a word after it had reached "PID 1": a panic, a hang or a loss of power`,
  ],
])("%j, reset by the watchdog: %s, fell because %s", (record, resetByWatchdog, why) => {
  expect(whyItFell(record, { resetByWatchdog })).toBe(why);
});

test("a record is found again, and nothing else is taken for one", () => {
  expect(decodeTrial(encodeTrial(tried))).toEqual(tried);
  for (const text of ["", "{}", "null", `{"slot":"c","image":""}`])
    expect(decodeTrial(Buffer.from(text))).toBeUndefined();
  expect(decodeTrial(undefined)).toBeUndefined();
});
