// A raw ICMPv6 socket of one interface that hears router solicitations alone. Needs CAP_NET_RAW.
import { checked, setInt, socketCalls } from "../c-library.ts";
import type { SolicitationSocket } from "./router-answers.ts";

// Linux: <bits/socket.h>, <linux/in6.h>, <linux/icmpv6.h>.
const AF_INET6 = 10;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const SOCK_NONBLOCK = 0o4000;
const SOL_SOCKET = 1;
const SO_BINDTODEVICE = 25;
const IPPROTO_IPV6 = 41;
const IPV6_UNICAST_HOPS = 16;
const IPV6_ADD_MEMBERSHIP = 20;
const IPPROTO_ICMPV6 = 58;
const ICMP6_FILTER = 1;

const solicitation = 133;
const allRouters = Uint8Array.of(0xff, 2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2);
const addressBytes = 28;

export function openSolicitationSocket(device: string): SolicitationSocket {
  const fd = checked(
    socketCalls.socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_ICMPV6),
    "open a raw IPv6 socket",
    device,
  );
  const set = (level: number, option: number, value: Buffer, what: string) =>
    checked(socketCalls.setOption(fd, level, option, value, value.length), what, device);
  try {
    set(SOL_SOCKET, SO_BINDTODEVICE, Buffer.from(`${device}\0`), "bind to the interface");
    // A bit that is set keeps a type out.
    const filter = Buffer.alloc(32, 0xff);
    filter.writeUInt32LE(~(1 << (solicitation & 31)) >>> 0, (solicitation >> 5) * 4);
    set(IPPROTO_ICMPV6, ICMP6_FILTER, filter, "filter packets");
    const membership = Buffer.alloc(20);
    membership.set(allRouters);
    membership.writeUInt32LE(Number(socketCalls.interfaceIndex(device)), 16);
    set(IPPROTO_IPV6, IPV6_ADD_MEMBERSHIP, membership, "hear what is sent to routers");
    // RFC 4861 §6.1.2: whatever came through a router is not believed.
    checked(setInt(fd, IPPROTO_IPV6, IPV6_UNICAST_HOPS, 255), "set the hop limit", device);
  } catch (error) {
    socketCalls.close(fd);
    throw error;
  }

  const bytes = Buffer.alloc(1500);
  return {
    receive() {
      const from = Buffer.alloc(addressBytes);
      const fromSize = Buffer.alloc(4);
      fromSize.writeUInt32LE(addressBytes);
      const size = Number(socketCalls.receiveFrom(fd, bytes, bytes.length, 0, from, fromSize));
      return size < 0 ? undefined : { packet: Uint8Array.from(bytes.subarray(0, size)), from };
    },
    // What could not be sent is asked for again.
    send: (packet, to) => void socketCalls.sendTo(fd, packet, packet.length, 0, to, to.length),
    [Symbol.dispose]: () => void socketCalls.close(fd),
  };
}
