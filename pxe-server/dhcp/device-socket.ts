// A UDP socket that belongs to one network interface: broadcasts arrive on it and leave by it, which no socket that
// Node makes by itself can do. Made through the C library, then handed to node:dgram by its file descriptor.
import { createSocket, type Socket, type SocketOptions } from "node:dgram";
import { once } from "node:events";
import { checked, internetAddress, setInt, socketCalls } from "../c-library.ts";

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

export async function openDeviceSocket(device: string, port: number): Promise<Socket> {
  const fd = checked(
    socketCalls.socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0),
    "make a socket",
    device,
  );
  try {
    checked(setInt(fd, SOL_SOCKET, SO_REUSEADDR, 1), "share the port", device);
    checked(setInt(fd, SOL_SOCKET, SO_BROADCAST, 1), "allow broadcasts", device);
    // Past net.core.rmem_max, which holds some hundred packets, only with CAP_NET_ADMIN.
    if (setInt(fd, SOL_SOCKET, SO_RCVBUFFORCE, receiveBufferBytes) !== 0)
      setInt(fd, SOL_SOCKET, SO_RCVBUF, receiveBufferBytes);
    const name = Buffer.from(`${device}\0`);
    checked(
      socketCalls.setOption(fd, SOL_SOCKET, SO_BINDTODEVICE, name, name.length),
      "bind to the interface",
      device,
    );
    checked(socketCalls.bind(fd, internetAddress("0.0.0.0", port), 16), `bind to port ${port}`, device);
    const socket = createSocket({ type: "udp4", lookup: literalAddress });
    const listening = once(socket, "listening");
    socket.bind({ fd });
    await listening;
    return socket;
  } catch (error) {
    socketCalls.close(fd);
    throw error;
  }
}

/** Every destination is an address already: without this each datagram takes a turn through the resolver's queue. */
const literalAddress: NonNullable<SocketOptions["lookup"]> = (address, _, done) => done(null, address, 4);
