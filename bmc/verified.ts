// Commands that are believed only when read back. Each is one job of a queue: nothing else runs in between.
import { type Absent, absent, type Bmc, type BootOverride, isAbsent, type PowerAction } from "./bmc.ts";
import { type Clock, sleep } from "./clock.ts";

export interface Verification {
  readonly clock: Clock;
  /** Between two readings: BMCs that are asked too often hang. */
  readonly pollMs?: number | undefined;
  /** For one try. The slowest servers seen take 20 s to admit that they are on. */
  readonly deadlineMs?: number | undefined;
  /** A lost command is given again. */
  readonly tries?: number | undefined;
  /** How long a server may be in POST, where its BMC refuses changes meanwhile. */
  readonly postMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** On or off, pressed again when nothing came of it. `softForMs`: the operating system's chance to shut down first. */
export async function setPower(
  bmc: Bmc,
  wanted: "on" | "off",
  { softForMs = 0, ...verification }: Verification & { readonly softForMs?: number | undefined },
): Promise<undefined | Absent> {
  if ((await bmc.power.read()) === wanted) return undefined;
  if (wanted === "off" && softForMs > 0 && bmc.capabilities.softOff === true) {
    const asked = await asksItself(bmc);
    if (asked && (await becomes(bmc, "off", { ...verification, deadlineMs: softForMs }))) return undefined;
  }
  const { tries = 3 } = verification;
  for (let attempt = 0; attempt < tries; attempt++) {
    const answer = await afterPost(() => bmc.power.press(wanted), verification);
    if (isAbsent(answer)) return answer;
    if (await becomes(bmc, wanted, verification)) return undefined;
  }
  throw new Error(
    `Cannot turn the server ${wanted}: the BMC acknowledged ${tries} times and still reports otherwise`,
  );
}

/** Whether the operating system was asked to shut down. In POST there is none. */
async function asksItself(bmc: Bmc): Promise<boolean> {
  try {
    return !isAbsent(await bmc.power.press("softOff"));
  } catch (error) {
    if (!isRefusedForNow(error)) throw error;
    return false;
  }
}

const isRefusedForNow = (error: unknown) =>
  error instanceof Error && "kind" in error && error.kind === "notNow";

/** Asks again while the BMC says that it cannot do this now. */
async function afterPost<T>(
  ask: () => Promise<T>,
  { clock, postMs = 10 * 60_000, signal }: Verification,
): Promise<T> {
  const deadline = clock.now() + postMs;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isRefusedForNow(error) || clock.now() >= deadline) throw error;
    }
    await sleep(clock, postPollMs, signal);
  }
}

const postPollMs = 3_000;

async function becomes(bmc: Bmc, wanted: "on" | "off", verification: Verification): Promise<boolean> {
  const { clock, pollMs = 2_000, deadlineMs = 30_000, signal } = verification;
  const deadline = clock.now() + deadlineMs;
  for (;;) {
    if ((await bmc.power.read()) === wanted) return true;
    if (clock.now() >= deadline) return false;
    await sleep(clock, pollMs, signal);
  }
}

/**
 * Starts the server over: a cycle where it is on, else on. The cycle itself cannot be read back: a server that was on
 * is on again; where the BMC knows no cycle, off and on are, and can.
 */
export async function startOver(
  bmc: Bmc,
  action: Extract<PowerAction, "cycle" | "reset">,
  verification: Verification,
): Promise<undefined | Absent> {
  if ((await bmc.power.read()) !== "on") return setPower(bmc, "on", verification);
  const answer = await afterPost(() => bmc.power.press(action), verification);
  if (isAbsent(answer))
    return (await setPower(bmc, "off", verification)) ?? setPower(bmc, "on", verification);
  return setPower(bmc, "on", verification);
}

/**
 * Sets a boot override and reads it back. What the BMC made of it is answered as it is: a caller that needs UEFI or
 * persistence sees that it got neither, and a device that did not take is an error.
 */
export async function setBoot(
  bmc: Bmc,
  wanted: BootOverride,
  verification: Verification,
): Promise<BootOverride | Absent> {
  for (let attempt = 0; attempt < 2; attempt++) {
    const answer = await afterPost(() => bmc.boot.set(wanted), verification);
    if (isAbsent(answer)) return answer;
    const found = await bmc.boot.read();
    if (isAbsent(found) || found.device === wanted.device) return found;
  }
  return absent(`the BMC acknowledges boot from ${wanted.device} and reads back something else`);
}
