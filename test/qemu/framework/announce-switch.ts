import { execFileSync } from "node:child_process";
import { RawSocket, socketFamily, socketType } from "../../../os/kernel/raw-socket.ts";

const everyMs = 1_000;

/** Says on this test's own `eth0` what a switch says of itself and of a port (IEEE 802.1AB §8), again and again. */
export function announceSwitch({ name, port }: { name: string; port: string }): Disposable {
  const socket = new RawSocket({
    ...{ family: socketFamily.packet, type: socketType.raw, protocol: 0 },
    ...{ received() {}, overrun() {}, failed() {} },
  });
  // struct sockaddr_ll (packet(7))
  const to = Buffer.alloc(20);
  to.writeUInt16LE(socketFamily.packet, 0);
  to.writeInt32LE(indexOf("eth0"), 4);
  const frame = Buffer.concat([
    Buffer.from("0180c200000e02000000000188cc", "hex"),
    part(1, Buffer.from("04001b21aabbcc", "hex")),
    part(2, Buffer.from(`\x05${port}`)),
    part(3, Buffer.from([0, 120])),
    part(5, Buffer.from(name)),
    part(0, Buffer.alloc(0)),
  ]);
  const timer = setInterval(() => socket.send(frame, to), everyMs);
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      socket[Symbol.dispose]();
    },
  };
}

/** §8.4: seven bits of what it is, nine of how long it is. */
function part(type: number, value: Buffer): Buffer {
  const header = Buffer.alloc(2);
  header.writeUInt16BE((type << 9) | value.length);
  return Buffer.concat([header, value]);
}

function indexOf(link: string): number {
  const shown = execFileSync("ip", ["-json", "link", "show", link], { encoding: "utf8" });
  return (JSON.parse(shown) as { ifindex: number }[])[0]!.ifindex;
}
