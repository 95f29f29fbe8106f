// Linux, Documentation/watchdog/watchdog-api.rst and include/uapi/linux/watchdog.h: opening starts it, any write pets it.
import { closeSync, existsSync, openSync, readFileSync, realpathSync, writeSync } from "node:fs";
import { basename } from "node:path";
import { syscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

const WDIOC_SETTIMEOUT = 0xc0045706;
const WDIOC_GETTIMEOUT = 0x80045707;
/** Written just before it is closed: it is stopped, and does not bite after it. */
const magicClose = "V";

export interface WatchdogDevice {
  readonly path: string;
  /** Whether it can be stopped again once it was started. */
  readonly stops: boolean;
  /** After how long without being petted it bites; undefined where the driver does not say. */
  readonly timeoutMs: () => number | undefined;
  /** In whole seconds; drivers take what is next to it. */
  readonly setTimeout: (ms: number) => void;
  readonly pet: () => void;
  readonly stop: () => void;
}

/** `/dev/watchdog` is the first one, by its older name. */
export const sameWatchdog = (a: string, b: string) => ownName(a) === ownName(b);
const ownName = (path: string) =>
  basename(existsSync(path) ? realpathSync(path) : path).replace(/^watchdog$/, "watchdog0");

export function openWatchdogDevice(path: string): WatchdogDevice {
  const fd = openSync(path, "w");
  const about = (name: string) => {
    try {
      return readFileSync(`/sys/class/watchdog/${ownName(path)}/${name}`, "utf8").trim();
    } catch {
      // Kernels without CONFIG_WATCHDOG_SYSFS do not say.
      return "";
    }
  };
  const seconds = Buffer.alloc(4);
  return {
    path,
    stops: about("nowayout") !== "1",
    timeoutMs() {
      try {
        syscall(`ask ${path} for its timeout`, numbers.ioctl, fd, WDIOC_GETTIMEOUT, seconds);
        return seconds.readInt32LE() * 1000;
      } catch {
        return Number(about("timeout")) * 1000 || undefined;
      }
    },
    setTimeout(ms) {
      seconds.writeInt32LE(Math.ceil(ms / 1000));
      syscall(`set the timeout of ${path}`, numbers.ioctl, fd, WDIOC_SETTIMEOUT, seconds);
    },
    pet: () => void writeSync(fd, "."),
    stop() {
      writeSync(fd, magicClose);
      closeSync(fd);
    },
  };
}
