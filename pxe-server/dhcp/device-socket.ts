// A UDP socket that belongs to one network interface: broadcasts arrive on it and leave by it, which no socket that
// Node makes by itself can do. Made through the C library, then handed to node:dgram by its file descriptor.
import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { once } from "node:events";
import koffi from "koffi";

// Linux, the same on x86-64 and arm64: <bits/socket.h>, <asm-generic/socket.h>.
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_BROADCAST = 6;
const SO_RCVBUF = 8;
const SO_BINDTODEVICE = 25;
const SO_RCVBUFFORCE = 33;

/** A boot storm's DISCOVERs wait here while we work. */
const receiveBufferBytes = 4 << 20;

const library = koffi.load(null);
const socketCall = library.func("int socket(int domain, int type, int protocol)");
const setOption = library.func(
  "int setsockopt(int fd, int level, int name, const void *value, uint32_t size)",
);
const bindCall = library.func("int bind(int fd, const void *address, uint32_t size)");
const closeCall = library.func("int close(int fd)");
const errorNumber = library.func("char *strerror(int number)");

export async function openDeviceSocket(device: string, port: number): Promise<Socket> {
  const fd = checked(
    socketCall(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
    "make a socket",
    device,
  );
  try {
    checked(setInt(fd, SO_REUSEADDR, 1), "share the port", device);
    checked(setInt(fd, SO_BROADCAST, 1), "allow broadcasts", device);
    // Past net.core.rmem_max, which holds some hundred packets, only with CAP_NET_ADMIN.
    if (setInt(fd, SO_RCVBUFFORCE, receiveBufferBytes) !== 0) setInt(fd, SO_RCVBUF, receiveBufferBytes);
    const name = Buffer.from(`${device}\0`);
    checked(setOption(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length), "bind to the interface", device);
    checked(bindCall(fd, anyAddress(port), 16), `bind to port ${port}`, device);
    const socket = createSocket({ type: "udp4", lookup: literalAddress });
    const listening = once(socket, "listening");
    socket.bind({ fd });
    await listening;
    return socket;
  } catch (error) {
    closeCall(fd);
    throw error;
  }
}

/** Every destination is an address already: without this each datagram takes a turn through the resolver's queue. */
const literalAddress: NonNullable<SocketOptions["lookup"]> = (address, _, done) => done(null, address, 4);

function setInt(fd: number, option: number, value: number): unknown {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return setOption(fd, SOL_SOCKET, option, bytes, bytes.length);
}

/** struct sockaddr_in for 0.0.0.0. */
function anyAddress(port: number): Buffer {
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  return address;
}

function checked(result: unknown, what: string, device: string): number {
  if (typeof result === "number" && result >= 0) return result;
  throw new Error(`Cannot ${what} for ${device}: ${String(errorNumber(koffi.errno()))}`);
}
