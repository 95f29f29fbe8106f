// The screen of the machine itself: a virtual terminal of its own, which kernel messages do not scroll away.
import { closeSync, openSync, writeSync } from "node:fs";
import { syscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

// Linux, include/uapi/linux/{vt,tiocl}.h
const VT_ACTIVATE = 0x5606;
const TIOCLINUX = 0x541c;
const TIOCL_SETKMSGREDIRECT = 11;

const messages = 1;
const own = 2;

/** `clear`, `home` and what is left of a line or of the screen (ECMA-48 §8.3). */
const escape = { home: "\x1b[H", endOfLine: "\x1b[K", endOfScreen: "\x1b[J", noCursor: "\x1b[?25l" } as const;

export class Screen implements Disposable {
  readonly #fd: number;

  /** Brings the terminal to the front; kernel messages go to the first one, Alt+F1. */
  constructor() {
    this.#fd = openSync(`/dev/tty${own}`, "w");
    try {
      syscall(
        "keep kernel messages off the screen",
        numbers.ioctl,
        this.#fd,
        TIOCLINUX,
        Uint8Array.of(TIOCL_SETKMSGREDIRECT, messages),
      );
      syscall("show the screen", numbers.ioctl, this.#fd, VT_ACTIVATE, own);
    } catch (error) {
      closeSync(this.#fd);
      throw error;
    }
  }

  /** Replaces what is shown, without flicker. */
  show(lines: readonly string[]): void {
    const text = lines.map((line) => `${line}${escape.endOfLine}`).join("\r\n");
    writeSync(this.#fd, `${escape.noCursor}${escape.home}${text}${escape.endOfScreen}`);
  }

  [Symbol.dispose](): void {
    closeSync(this.#fd);
  }
}
