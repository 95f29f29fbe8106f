import type { HealthGrade } from "../bmc.ts";

const grades: Readonly<Record<string, HealthGrade>> = { ok: "ok", warning: "warning", critical: "critical" };

/** Of Resource.Health and LogEntry.Severity. */
export const gradeOf = (health: string | undefined): HealthGrade =>
  grades[health?.toLowerCase() ?? ""] ?? "unknown";
