// The one place where native code is called. The rest of the node sees the narrow files beside this one.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { constants, endianness } from "node:os";
import { join } from "node:path";

/** What we use of koffi. Its own package also searches the disk for its native part: PID 1 knows where it is. */
interface Koffi {
  load(library: null): { func(name: string, result: string, args: readonly string[]): NativeFunction };
  address(buffer: Uint8Array): bigint;
  errno(): number;
  readonly node: { poll(fd: number, events: { readable: true }, call: () => void): PollHandle };
}

/** Keeps a poll alive: koffi drops one whose handle was collected. */
export interface PollHandle {
  close(): void;
}

interface NativeFunction {
  (...args: readonly (number | bigint)[]): number | bigint;
  async(...args: readonly unknown[]): void;
}

/** A system call's argument: a number, or memory (text is NUL-terminated) whose address is passed. */
export type Argument = number | bigint | Uint8Array | string | null;

/** A system call that the kernel refused. */
export class SyscallError extends Error {
  override readonly name = "SyscallError";
  /** As errno(3) names it: ENOENT, EBUSY … */
  readonly code: string;

  constructor(what: string, errno: number) {
    const code =
      Object.entries(constants.errno).find(([, value]) => value === errno)?.[0] ?? `error ${errno}`;
    super(`Cannot ${what}: ${code}`);
    this.code = code;
  }
}

const koffi = loadKoffi();
const invoke = koffi.load(null).func("syscall", "long", ["long", ...Array<string>(6).fill("uintptr_t")]);

/** Makes the call in this thread; `what` completes the sentence "Cannot …" should it fail. */
export function syscall(what: string, number: number, ...args: readonly Argument[]): number {
  const memory = args.map(inMemory);
  const result = Number(invoke(number, ...registers(memory)));
  if (result === -1) throw new SyscallError(what, koffi.errno());
  return result;
}

/** Makes a call that may block in a thread of the pool. */
export function blockingSyscall(what: string, number: number, ...args: readonly Argument[]): Promise<number> {
  const memory = args.map(inMemory);
  return new Promise((resolve, reject) => {
    invoke.async(number, ...registers(memory), (error: Error | null, result: number | bigint) => {
      // The callback holds `memory`, which the kernel was writing to until now.
      if (error) reject(new Error(`Cannot ${what}: ${error.message}`, { cause: memory }));
      else if (Number(result) === -1) reject(new SyscallError(what, koffi.errno()));
      else resolve(Number(result));
    });
  });
}

/**
 * Calls whenever the file descriptor can be read, from the event loop. Not from koffi's own callback: there promises
 * are not continued until something else happens, and what is thrown is lost.
 */
export const poll = (fd: number, readable: () => void): PollHandle =>
  koffi.node.poll(fd, { readable: true }, () => void setImmediate(readable));

/** Where a buffer is, for structures that point at others. It must be held until the call has returned. */
export const addressOf = (buffer: Uint8Array): bigint => koffi.address(buffer);

const inMemory = (argument: Argument) =>
  typeof argument === "string" ? Buffer.from(`${argument}\0`) : argument;

function registers(args: readonly Exclude<Argument, string>[]): (number | bigint)[] {
  const values = args.map((argument) => {
    if (argument === null) return 0;
    return typeof argument === "object" ? koffi.address(argument) : argument;
  });
  return [...values, ...Array<number>(6 - values.length).fill(0)];
}

function loadKoffi(): Koffi {
  const file = [join(import.meta.dirname, "koffi.node"), developmentKoffi()].find((path) => existsSync(path));
  if (!file || endianness() !== "LE") throw new Error("Cannot make system calls: koffi.node is missing");
  const module = { exports: {} };
  process.dlopen(module, file);
  return module.exports as Koffi;
}

/** Where npm put it; in the image it lies beside the program. */
function developmentKoffi(): string {
  const { arch } = process;
  const packages = createRequire(import.meta.url).resolve.paths("koffi") ?? [];
  const path = `@koromix/koffi-linux-${arch}/linux_${arch}/koffi.node`;
  return packages.map((folder) => join(folder, path)).find((file) => existsSync(file)) ?? "";
}
