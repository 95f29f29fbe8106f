/**
 * What every guest's kernel is told: where its console is; and not to check the timer, because an emulator whose host is
 * busy may owe the ticks that the check counts, and the kernel panics ("IO-APIC + timer doesn't work").
 */
export const guestArguments = ["console=ttyS0", "no_timer_check"] as const;
