import { openWatchdogDevice, sameWatchdog, type WatchdogDevice } from "../kernel/watchdog-device.ts";
import type { Log } from "./log.ts";

const usualDevice = "/dev/watchdog";
const petEveryMs = 10_000;

export interface WatchdogOptions {
  readonly log: Log;
  /** Why the machine should be reset; undefined while all is well. What never answers is not well. */
  readonly check: () => Promise<string | undefined>;
  /** Throws when there is no such device. */
  readonly open: (path: string) => WatchdogDevice;
  /** Calls again and again, until it is disposed of. */
  readonly every: (ms: number, call: () => void) => Disposable;
}

export interface WatchdogSettings {
  readonly device: string;
  readonly timeoutMs: number;
}

/**
 * Pets the hardware watchdog while all is well: a node that hangs is reset by it. The first one there is, unless a config
 * wants another. Runs also without a watchdog, since it is what keeps the event loop turning.
 */
export class Watchdog {
  readonly #options: WatchdogOptions;
  readonly #pet: () => Promise<void>;
  #device: WatchdogDevice | undefined;
  /** What the driver of each had in mind. */
  readonly #usualMs = new Map<string, number | undefined>();
  /** They cannot be stopped, and would bite. */
  readonly #others = new Set<WatchdogDevice>();
  #timer: Disposable | undefined;

  constructor(options: WatchdogOptions) {
    this.#options = options;
    const pet = () => {
      for (const device of [this.#device, ...this.#others]) device?.pet();
    };
    this.#pet = petting({ ...options, pet });
  }

  start(): void {
    const { log } = this.#options;
    try {
      this.#device = this.#open(usualDevice);
      log.write("info", "hardware watchdog started");
    } catch (error) {
      const isThere = (error as NodeJS.ErrnoException).code !== "ENOENT";
      log.write("info", isThere ? `no hardware watchdog: ${String(error)}` : "no hardware watchdog");
    }
    this.#turn();
  }

  /** What a config wants, or the usual again. Answers what came of it. Throws when it cannot, with the one before at work. */
  follow(settings: WatchdogSettings | undefined): WatchdogSettings & { readonly petEveryMs: number } {
    const path = settings?.device ?? usualDevice;
    const before = this.#device;
    // Nothing to go back to.
    if (!before && !settings) return { device: path, timeoutMs: 0, petEveryMs };
    const device = before && sameWatchdog(before.path, path) ? before : this.#open(path);
    const timeoutMs = settings?.timeoutMs ?? this.#usualMs.get(device.path);
    try {
      if (timeoutMs !== undefined) device.setTimeout(timeoutMs);
    } catch (error) {
      if (device !== before) this.#leave(device);
      throw error;
    }
    this.#device = device;
    if (before && before !== device) this.#leave(before);
    const every = this.#turn();
    return { device: path, timeoutMs: device.timeoutMs() ?? timeoutMs ?? 0, petEveryMs: every };
  }

  #open(path: string): WatchdogDevice {
    const left = [...this.#others].find((other) => sameWatchdog(other.path, path));
    if (left) {
      this.#others.delete(left);
      return left;
    }
    const device = this.#options.open(path);
    this.#usualMs.set(device.path, device.timeoutMs());
    return device;
  }

  #leave(device: WatchdogDevice): void {
    if (device.stops) device.stop();
    else this.#others.add(device);
  }

  /** Three times before the first of them bites, as some do after a few seconds. */
  #turn(): number {
    const timeouts = [this.#device, ...this.#others].map((device) => device?.timeoutMs() ?? Infinity);
    const ms = Math.min(petEveryMs, ...timeouts.map((timeout) => timeout / 3));
    this.#timer?.[Symbol.dispose]();
    void this.#pet();
    this.#timer = this.#options.every(ms, () => void this.#pet());
    return ms;
  }
}

export const hardwareWatchdog = (options: Pick<WatchdogOptions, "log" | "check">): Watchdog =>
  new Watchdog({
    ...options,
    open: openWatchdogDevice,
    every(ms, call) {
      const timer = setInterval(call, ms);
      return { [Symbol.dispose]: () => clearInterval(timer) };
    },
  });

/** One look: pets when all is well, and not at all while the last look has not come back. Exported for its test. */
export function petting({
  log,
  check,
  pet,
}: Pick<WatchdogOptions, "log" | "check"> & { pet: () => void }): () => Promise<void> {
  let looking = false;
  let complained = false;
  return async () => {
    if (looking) return;
    looking = true;
    const why = await check();
    looking = false;
    if (why === undefined) return pet();
    if (!complained) log.write("error", `the watchdog is left to reset the machine: ${why}`);
    complained = true;
  };
}
