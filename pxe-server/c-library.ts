// The few calls of the C library for sockets that Node cannot make by itself. Linux alone, the same on x86-64 and arm64.
import koffi from "koffi";

const library = koffi.load(null);

export const socketCalls = {
  socket: library.func("int socket(int domain, int type, int protocol)"),
  setOption: library.func("int setsockopt(int fd, int level, int name, const void *value, uint32_t size)"),
  bind: library.func("int bind(int fd, const void *address, uint32_t size)"),
  localAddress: library.func("int getsockname(int fd, void *address, void *size)"),
  interfaceIndex: library.func("uint32_t if_nametoindex(const char *name)"),
  receiveFrom: library.func(
    "intptr_t recvfrom(int fd, void *bytes, size_t size, int flags, void *address, void *addressSize)",
  ),
  sendTo: library.func(
    "intptr_t sendto(int fd, const void *bytes, size_t size, int flags, const void *address, uint32_t addressSize)",
  ),
  close: library.func("int close(int fd)"),
};
const errorNumber = library.func("char *strerror(int number)");

/** The result of a call that is negative when it failed. */
export function checked(result: unknown, what: string, device: string): number {
  if (typeof result === "number" && result >= 0) return result;
  throw new Error(`Cannot ${what} for ${device}: ${String(errorNumber(koffi.errno()))}`);
}

export function setInt(fd: number, level: number, option: number, value: number): unknown {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return socketCalls.setOption(fd, level, option, bytes, bytes.length);
}
