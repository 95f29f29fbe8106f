// The few calls of the C library for sockets that Node cannot make by itself. Linux alone, the same on x86-64 and arm64.
import koffi from "koffi";

const AF_INET = 2;

const library = koffi.load(null);

export const socketCalls = {
  socket: library.func("int socket(int domain, int type, int protocol)"),
  setOption: library.func("int setsockopt(int fd, int level, int name, const void *value, uint32_t size)"),
  bind: library.func("int bind(int fd, const void *address, uint32_t size)"),
  localAddress: library.func("int getsockname(int fd, void *address, void *size)"),
  connect: library.func("int connect(int fd, const void *address, uint32_t size)"),
  send: library.func("intptr_t send(int fd, const void *bytes, size_t size, int flags)"),
  receive: library.func("intptr_t recv(int fd, void *bytes, size_t size, int flags)"),
  interfaceIndex: library.func("uint32_t if_nametoindex(const char *name)"),
  receiveFrom: library.func(
    "intptr_t recvfrom(int fd, void *bytes, size_t size, int flags, void *address, void *addressSize)",
  ),
  sendTo: library.func(
    "intptr_t sendto(int fd, const void *bytes, size_t size, int flags, const void *address, uint32_t addressSize)",
  ),
  read: library.func("intptr_t read(int fd, void *bytes, size_t size)"),
  write: library.func("intptr_t write(int fd, const void *bytes, size_t size)"),
  close: library.func("int close(int fd)"),
};

export const epollCalls = {
  create: library.func("int epoll_create1(int flags)"),
  control: library.func("int epoll_ctl(int epoll, int operation, int fd, const void *event)"),
  wait: library.func("int epoll_wait(int epoll, void *events, int count, int timeoutMs)"),
  eventFd: library.func("int eventfd(unsigned int value, int flags)"),
};
const errorNumber = library.func("char *strerror(int number)");

/** The result of a call that is negative when it failed. */
export function checked(result: unknown, what: string, device: string): number {
  if (typeof result === "number" && result >= 0) return result;
  throw new Error(`Cannot ${what} for ${device}: ${String(errorNumber(koffi.errno()))}`);
}

/** Of the call that just failed, such as `ECONNREFUSED`. */
export const errorName = (): string => {
  const number = koffi.errno();
  return Object.entries(koffi.os.errno).find(([, value]) => value === number)?.[0] ?? String(number);
};

/** struct sockaddr_in. */
export function internetAddress(address: string, port: number): Buffer {
  const bytes = Buffer.alloc(16);
  bytes.writeUInt16LE(AF_INET, 0);
  bytes.writeUInt16BE(port, 2);
  bytes.set(address.split(".").map(Number), 4);
  return bytes;
}

export function setInt(fd: number, level: number, option: number, value: number): unknown {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return socketCalls.setOption(fd, level, option, bytes, bytes.length);
}
