// What events and states of sensors mean. IPMI 2.0 §42, tables 42-2 and 42-3.
import type { HealthGrade } from "../bmc.ts";

/** Table 42-3: names of sensor types, for events of sensors that no SDR names. */
const typeNames: Readonly<Record<number, string>> = {
  0x01: "Temperature",
  0x02: "Voltage",
  0x03: "Current",
  0x04: "Fan",
  0x05: "Chassis intrusion",
  0x06: "Security violation",
  0x07: "Processor",
  0x08: "Power supply",
  0x09: "Power unit",
  0x0a: "Cooling device",
  0x0b: "Other units",
  0x0c: "Memory",
  0x0d: "Drive slot",
  0x0f: "System firmware",
  0x10: "Event log",
  0x11: "Watchdog",
  0x12: "System event",
  0x13: "Critical interrupt",
  0x14: "Button",
  0x1d: "System boot",
  0x1e: "Boot error",
  0x1f: "Operating system boot",
  0x20: "Operating system stop",
  0x21: "Slot",
  0x22: "ACPI power state",
  0x23: "Watchdog",
  0x25: "Entity presence",
  0x28: "Management subsystem",
  0x29: "Battery",
  0x2b: "Version change",
};

export const sensorTypeName = (type: number): string =>
  typeNames[type] ?? `Sensor type 0x${type.toString(16)}`;

type Row = readonly [text: string, grade: HealthGrade];
const rows = (...texts: readonly (string | Row)[]): readonly Row[] =>
  texts.map((text) => (typeof text === "string" ? [text, "ok"] : text));
const warning = (text: string): Row => [text, "warning"];
const critical = (text: string): Row => [text, "critical"];

/** Event type 0x01: a threshold was passed. */
export const thresholdEvent = 0x01;
/** Event type 0x6f: the meaning depends on the sensor's type. */
export const specificEvent = 0x6f;

/** Table 42-2, by event type; offsets in order. */
const generic: Readonly<Record<number, readonly Row[]>> = {
  [thresholdEvent]: rows(
    warning("Lower non-critical going low"),
    warning("Lower non-critical going high"),
    critical("Lower critical going low"),
    critical("Lower critical going high"),
    critical("Lower non-recoverable going low"),
    critical("Lower non-recoverable going high"),
    warning("Upper non-critical going low"),
    warning("Upper non-critical going high"),
    critical("Upper critical going low"),
    critical("Upper critical going high"),
    critical("Upper non-recoverable going low"),
    critical("Upper non-recoverable going high"),
  ),
  0x03: rows("State deasserted", "State asserted"),
  0x04: rows("Predictive failure deasserted", warning("Predictive failure asserted")),
  0x05: rows("Limit not exceeded", warning("Limit exceeded")),
  0x06: rows("Performance met", warning("Performance lags")),
  0x07: rows(
    "OK",
    warning("Non-critical from OK"),
    critical("Critical from less severe"),
    critical("Non-recoverable from less severe"),
    warning("Non-critical from more severe"),
    critical("Critical from non-recoverable"),
    critical("Non-recoverable"),
    "Monitor",
    "Informational",
  ),
  0x08: rows("Device absent", "Device present"),
  0x09: rows("Device disabled", "Device enabled"),
  0x0b: rows(
    "Fully redundant",
    critical("Redundancy lost"),
    warning("Redundancy degraded"),
    warning("Non-redundant: sufficient from redundant"),
    warning("Non-redundant: sufficient from insufficient"),
    critical("Non-redundant: insufficient resources"),
  ),
};

/** Table 42-3, by sensor type; offsets in order. */
const specific: Readonly<Record<number, readonly Row[]>> = {
  0x05: rows(
    warning("General chassis intrusion"),
    "Drive bay intrusion",
    "I/O card area intrusion",
    "Processor area intrusion",
    "LAN cable unplugged",
    "Unauthorised dock",
    "Fan area intrusion",
  ),
  0x07: rows(
    critical("Internal error"),
    critical("Thermal trip"),
    critical("Built-in self-test failed"),
    critical("Hang in POST"),
    critical("Initialisation failed"),
    critical("Configuration error"),
    critical("Uncorrectable CPU complex error"),
    "Presence detected",
    "Disabled",
    "Terminator present",
    warning("Throttled"),
    critical("Uncorrectable machine check"),
    warning("Correctable machine check"),
  ),
  0x08: rows(
    "Presence detected",
    critical("Failure detected"),
    warning("Predictive failure"),
    critical("Input lost"),
    critical("Input lost or out of range"),
    warning("Input out of range, but present"),
    critical("Configuration error"),
  ),
  0x09: rows(
    "Power off",
    "Power cycle",
    "240 VA power down",
    "Interlock power down",
    critical("AC lost"),
    critical("Soft power control failed"),
    critical("Failure detected"),
    warning("Predictive failure"),
  ),
  0x0c: rows(
    warning("Correctable ECC"),
    critical("Uncorrectable ECC"),
    critical("Parity"),
    critical("Scrub failed"),
    "Memory device disabled",
    warning("Correctable ECC limit reached"),
    "Presence detected",
    critical("Configuration error"),
    "Spare",
    warning("Throttled"),
    critical("Critical overtemperature"),
  ),
  0x0d: rows(
    "Drive present",
    critical("Drive fault"),
    warning("Predictive failure"),
    "Hot spare",
    "Rebuild in progress",
    critical("In critical array"),
    critical("In failed array"),
    "Rebuild in progress",
    warning("Rebuild aborted"),
  ),
  0x0f: rows(critical("System firmware error"), critical("System firmware hang"), "System firmware progress"),
  0x10: rows(
    warning("Correctable memory error logging disabled"),
    "Event type logging disabled",
    "Log area cleared",
    "All event logging disabled",
    warning("Log full"),
    warning("Log almost full"),
  ),
  0x12: rows(
    "System reconfigured",
    "OEM system boot",
    critical("Undetermined hardware failure"),
    "Entry added to auxiliary log",
    "PEF action",
    "Timestamp clock synchronised",
  ),
  0x13: rows(
    critical("Front panel NMI"),
    critical("Bus timeout"),
    critical("I/O channel check NMI"),
    critical("Software NMI"),
    critical("PCI PERR"),
    critical("PCI SERR"),
    critical("EISA failsafe timeout"),
    warning("Bus correctable error"),
    critical("Bus uncorrectable error"),
    critical("Fatal NMI"),
    critical("Bus fatal error"),
    warning("Bus degraded"),
  ),
  0x14: rows("Power button pressed", "Sleep button pressed", "Reset button pressed"),
  0x1d: rows(
    "Initiated by power up",
    "Initiated by hard reset",
    "Initiated by warm reset",
    "User requested PXE boot",
  ),
  0x1f: rows(
    "A: boot completed",
    "C: boot completed",
    "PXE boot completed",
    "Diagnostic boot completed",
    "CD-ROM boot completed",
    "ROM boot completed",
    "Boot completed",
  ),
  0x20: rows(
    critical("Stopped during load"),
    critical("Stopped at run time"),
    "Graceful stop",
    "Graceful shutdown",
  ),
  0x22: rows(
    "S0/G0: working",
    "S1",
    "S2",
    "S3",
    "S4",
    "S5/G2: soft off",
    "S4/S5: soft off",
    "G3: mechanical off",
  ),
  0x23: rows(
    critical("Timer expired"),
    critical("Hard reset"),
    critical("Power down"),
    critical("Power cycle"),
  ),
  0x25: rows("Present", "Absent", "Disabled"),
  0x29: rows(warning("Battery low"), critical("Battery failed"), "Battery present"),
};

/** The text and gravity of one offset; unknown ones are named by their numbers, never dropped. */
export function stateText(sensorType: number, eventType: number, offset: number): Row {
  const table = eventType === specificEvent ? specific[sensorType] : generic[eventType];
  return table?.[offset] ?? [`State ${offset} (event type 0x${eventType.toString(16)})`, "unknown"];
}
