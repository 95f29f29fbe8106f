// The few event numbers that an emulated log writes. IPMI 2.0 §42, tables 42-2 and 42-3.

export const sensorTypeNumbers = { systemEvent: 0x12 } as const;

/** Of event type 1: upper non-critical and upper critical, going high. */
export const thresholdOffsets = { ok: 0x07, warning: 0x07, critical: 0x09 } as const;
