// What a network card says of itself, by the ioctl that the ethtool command uses.
import { closeSync } from "node:fs";
import { addressOf, syscall } from "./ffi.ts";
import { numbers } from "./syscall-numbers.ts";

// Linux, include/uapi/linux/sockios.h and ethtool.h
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SIOCETHTOOL = 0x8946;
const ETHTOOL_GDRVINFO = 0x03;
const ETHTOOL_GPERMADDR = 0x20;
const driverInfoBytes = 196;
const longestAddress = 32;

export interface NetworkCard {
  readonly driver: string;
  readonly firmwareVersion: string;
  /** Undefined where the driver knows none. */
  readonly permanentMac: string | undefined;
}

export function askNetworkCard(name: string): NetworkCard {
  const fd = syscall("open a socket", numbers.socket, AF_INET, SOCK_DGRAM, 0);
  try {
    const ask = (data: Uint8Array) => {
      // struct ifreq: name, pointer.
      const request = Buffer.alloc(40);
      request.write(name, 0, 15, "latin1");
      request.writeBigUInt64LE(addressOf(data), 16);
      syscall(`ask ${name} about itself`, numbers.ioctl, fd, SIOCETHTOOL, request);
      return data;
    };
    const info = Buffer.alloc(driverInfoBytes);
    info.writeUInt32LE(ETHTOOL_GDRVINFO, 0);
    ask(info);
    const permanent = Buffer.alloc(8 + longestAddress);
    permanent.writeUInt32LE(ETHTOOL_GPERMADDR, 0);
    permanent.writeUInt32LE(longestAddress, 4);
    ask(permanent);
    const address = permanent.subarray(8, 8 + permanent.readUInt32LE(4));
    const isTold = address.length === 6 && address.some((byte) => byte !== 0);
    return {
      driver: textOf(info.subarray(4, 36)),
      firmwareVersion: textOf(info.subarray(68, 100)),
      permanentMac: isTold ? address.toString("hex").replaceAll(/(..)(?=.)/g, "$1:") : undefined,
    };
  } finally {
    closeSync(fd);
  }
}

function textOf(field: Buffer): string {
  const end = field.indexOf(0);
  return field
    .toString("latin1", 0, end < 0 ? field.length : end)
    .replaceAll(/\p{Cc}+/gu, " ")
    .trim();
}
