// A straight line of system calls as a static x86-64 executable: no compiler, no C library, reproducible by nature.

// Linux, arch/x86/entry/syscalls/syscall_64.tbl
const numbers = {
  write: 1,
  open: 2,
  close: 3,
  ioctl: 16,
  execve: 59,
  exit: 60,
  chdir: 80,
  chroot: 161,
  mount: 165,
  finit_module: 313,
} as const;

/** Registers that a system call leaves alone, for results that later steps use. */
const keep = { file: 12, loop: 13 } as const;
type Saved = keyof typeof keep;

/** A number, a string (its address is passed), strings (a NULL-terminated array is passed), or an earlier result. */
export type Argument = number | string | readonly string[] | { readonly saved: Saved };

export const saved = (name: Saved): Argument => ({ saved: name });

export interface Syscall {
  /** Said on the console when the step fails. */
  readonly name: string;
  /** Said behind it: what may be the reason. */
  readonly hint?: string;
  readonly call: keyof typeof numbers;
  readonly args: readonly Argument[];
  readonly save?: Saved;
}

const base = 0x400000;
const headerSize = 64 + 56;
/** System V AMD64 ABI, A.2.1: the kernel's argument registers, by their number in machine code. */
const argumentRegisters = [7, 6, 2, 10, 8, 9]; // rdi rsi rdx r10 r8 r9
const rax = 0;

/** An ELF executable that runs the calls in order and stops at the first that fails, saying its name. */
export function executable(program: readonly Syscall[]): Uint8Array {
  const data = new Data();
  // Addresses of data depend on the length of the code, which does not depend on them: lay out twice.
  const codeSize = assemble(program, data, 0).length;
  const code = assemble(program, data, base + headerSize + codeSize);
  return Buffer.concat([elfHeader(code.length + data.size), code, data.bytes(base + headerSize + codeSize)]);
}

function assemble(program: readonly Syscall[], data: Data, dataAt: number): Buffer {
  const code: number[] = [];
  const value = (argument: Exclude<Argument, { saved: Saved }>) =>
    typeof argument === "number" ? argument : dataAt + data.place(argument);

  for (const { name, call, args, save, hint = "" } of program) {
    args.forEach((argument, index) => {
      const register = argumentRegisters[index]!;
      if (typeof argument === "object" && "saved" in argument)
        code.push(...copy(register, keep[argument.saved]));
      else code.push(...load(register, value(argument)));
    });
    code.push(...load(rax, numbers[call]), ...syscall);

    const complaint = `ingot: stage 1 cannot ${name}${hint && `: ${hint}`}\n`;
    const failure = [
      ...load(argumentRegisters[0]!, 2),
      ...load(argumentRegisters[1]!, value(complaint)),
      ...load(argumentRegisters[2]!, Buffer.byteLength(complaint)),
      ...load(rax, numbers.write),
      ...syscall,
      // The kernel's panic would tear the sentence that a serial line is still sending.
      ...load(argumentRegisters[0]!, 2),
      ...load(argumentRegisters[1]!, drain.request),
      ...load(argumentRegisters[2]!, drain.wait),
      ...load(rax, numbers.ioctl),
      ...syscall,
      ...load(argumentRegisters[0]!, 1),
      ...load(rax, numbers.exit),
      ...syscall,
    ];
    code.push(0x48, 0x85, 0xc0); // test rax, rax
    code.push(0x79, failure.length, ...failure); // jns past the failure
    if (save) code.push(...copy(keep[save], rax));
  }
  return Buffer.from(code);
}

const syscall = [0x0f, 0x05];
/** TCSBRK as tcdrain(3) makes it (Linux, include/uapi/asm-generic/ioctls.h). */
const drain = { request: 0x5409, wait: 1 } as const;

/** mov r32, imm32: clears the upper half, and every address here is below 4 GiB. */
function load(register: number, immediate: number): number[] {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32LE(immediate);
  return [...(register >= 8 ? [0x41] : []), 0xb8 | (register & 7), ...bytes];
}

/** mov r64, r64 */
function copy(to: number, from: number): number[] {
  return [0x48 | (from >= 8 ? 4 : 0) | (to >= 8 ? 1 : 0), 0x89, 0xc0 | ((from & 7) << 3) | (to & 7)];
}

/** Strings and arrays of strings behind the code; the same text is placed once. */
class Data {
  size = 0;
  readonly #placed = new Map<string, { offset: number; content: string | readonly string[] }>();

  place(content: string | readonly string[]): number {
    const key = JSON.stringify(content);
    const known = this.#placed.get(key);
    if (known) return known.offset;

    if (typeof content !== "string") for (const text of content) this.place(text);
    const offset = typeof content === "string" ? this.size : (this.size + 7) & ~7;
    this.#placed.set(key, { offset, content });
    this.size =
      offset + (typeof content === "string" ? Buffer.byteLength(content) + 1 : 8 * (content.length + 1));
    return offset;
  }

  bytes(address: number): Buffer {
    const bytes = Buffer.alloc(this.size);
    for (const { offset, content } of this.#placed.values()) {
      if (typeof content === "string") bytes.write(content, offset);
      else
        content.forEach((text, index) => bytes.writeUInt32LE(address + this.place(text), offset + 8 * index));
    }
    return bytes;
  }
}

/** ELF-64 object file format: one header, one loadable segment, read and execute only. */
function elfHeader(contentSize: number): Buffer {
  const header = Buffer.alloc(headerSize);
  header.write("\x7fELF\x02\x01\x01", "latin1");
  header.writeUInt16LE(2, 16); // executable
  header.writeUInt16LE(62, 18); // x86-64
  header.writeUInt32LE(1, 20);
  header.writeBigUInt64LE(BigInt(base + headerSize), 24); // entry
  header.writeBigUInt64LE(64n, 32); // program headers follow
  header.writeUInt16LE(64, 52);
  header.writeUInt16LE(56, 54);
  header.writeUInt16LE(1, 56);

  header.writeUInt32LE(1, 64); // loadable
  header.writeUInt32LE(5, 68); // read + execute
  header.writeBigUInt64LE(BigInt(base), 80);
  header.writeBigUInt64LE(BigInt(base), 88);
  header.writeBigUInt64LE(BigInt(headerSize + contentSize), 96);
  header.writeBigUInt64LE(BigInt(headerSize + contentSize), 104);
  header.writeBigUInt64LE(0x1000n, 112);
  return header;
}
