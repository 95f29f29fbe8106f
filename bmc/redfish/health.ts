// Sensors and event log over Redfish.
import { type Absent, absent, type Health, type LogEntry } from "../bmc.ts";
import { gradeOf } from "./grade.ts";
import { orAbsent } from "./optional-answer.ts";
import { isLack } from "./problem.ts";
import { logEntry, logService, manager as managerShape } from "./resources.ts";
import { readSensors } from "./sensors.ts";
import { anything, isRecord } from "./shape.ts";
import type { Target } from "./system.ts";

export const redfishHealth = (target: Target): Health => ({
  sensors: () => orAbsent(readSensors(target)),
  events: () => orAbsent(readEvents(target)),
  clearEvents: () => orAbsent(clearEvents(target)),
});

type Log = ReturnType<typeof logService>;

/** What services call the log of the hardware's events, the likeliest first. */
const eventLogs = [/^SEL$/i, /^(IEL|EventLog|Event|Log1?)$/i, /SEL|event/i] as const;

async function findLog(target: Target): Promise<Log | Absent> {
  const { service, system } = target;
  const shelves = system.LogServices === undefined ? [] : [system.LogServices];
  for (const path of await target.managers()) {
    const { LogServices } = await service.get(path, managerShape);
    if (LogServices !== undefined) shelves.push(LogServices);
  }
  const logs: Log[] = [];
  for (const shelf of new Set(shelves)) {
    for (const { value } of await service.members(shelf, logService)) {
      if (value.Entries !== undefined) logs.push(value);
    }
  }
  const named = (pattern: RegExp) =>
    logs.find(({ Id, Name }) => [Id, Name].some((name) => pattern.test(name ?? "")));
  return (
    logs.find(({ LogEntryType }) => LogEntryType === "SEL") ??
    eventLogs.map(named).find((log) => log !== undefined) ??
    logs[0] ??
    absent("the BMC has no event log")
  );
}

async function readEvents(target: Target): Promise<readonly LogEntry[] | Absent> {
  const log = await findLog(target);
  if ("absent" in log) return log;
  const nameOf = origins(target);
  const entries: LogEntry[] = [];
  for (const { path, value } of await target.service.members(log.Entries!, logEntry)) {
    const at = Date.parse(value.EventTimestamp ?? value.Created ?? "");
    const origin = value.Links?.OriginOfCondition;
    entries.push({
      id: value.Id ?? path,
      // Clocks that were never set start in 1970 or 2000.
      at: at > Date.UTC(2001) ? at : undefined,
      source:
        (origin === undefined ? undefined : await nameOf(origin)) ??
        value.SensorType ??
        value.EntryType ??
        "BMC",
      message: value.Message ?? "",
      grade: gradeOf(value.Severity),
    });
  }
  return entries;
}

/** Many events have one origin, and an origin is another request: only so many are looked up. */
const mostOrigins = 16;

/** The name of what an event is about; the end of its path where it cannot be had. */
function origins({ service }: Target) {
  const known = new Map<string, string>();
  return async (origin: string): Promise<string> => {
    const name = known.get(origin);
    if (name !== undefined) return name;
    const [path = "", pointer = ""] = origin.split("#");
    let found = origin.split("/").at(-1)!;
    if (known.size < mostOrigins) {
      try {
        const named = pointed(await service.get(path, anything), pointer);
        if (isRecord(named) && typeof named["Name"] === "string") found = named["Name"];
      } catch (error) {
        if (!isLack(error)) throw error;
      }
    }
    known.set(origin, found);
    return found;
  };
}

/** RFC 6901, as far as paths within a resource go. */
const pointed = (resource: unknown, pointer: string) =>
  pointer
    .split("/")
    .filter((step) => step !== "")
    .reduce<unknown>((at, step) => (at as Readonly<Record<string, unknown>> | undefined)?.[step], resource);

async function clearEvents(target: Target) {
  const log = await findLog(target);
  if ("absent" in log) return log;
  const action = log.Actions?.["#LogService.ClearLog"]?.target;
  if (action === undefined) return absent("the BMC's event log cannot be cleared");
  await target.service.post(action, {});
  return undefined;
}
