// A virtual machine that says anything at all: the emulated BMC answers or is silent, and serves on.
import type { FuzzModule } from "../../../workshop/fuzz.ts";
import { mutated } from "../../../workshop/mutate.ts";
import { checksum } from "../../ipmi/checksum.ts";
import { manualClock } from "../../manual-clock.ts";
import { SimulatedChassis } from "../chassis.ts";
import { VmFrameReader, writeFrame } from "./vm-frames.ts";
import { VmLink, vmCommands } from "./vm-link.ts";

const request = (...bytes: number[]) => {
  const body = Uint8Array.from(bytes);
  return writeFrame({ kind: "message", bytes: Uint8Array.of(...body, checksum(body, 0, body.length)) });
};
const deviceId = request(1, 6 << 2, 1);
const seeds = [
  deviceId,
  request(0xa0, 0x0a << 2, 0x23, 0, 0, 1, 0, 0, 0xff),
  request(2, 6 << 2, 0x2e, 1),
  request(3, 0, 2, 1),
  writeFrame({ kind: "command", bytes: Uint8Array.of(vmCommands.capabilities, 0x3f) }),
  writeFrame({ kind: "command", bytes: Uint8Array.of(vmCommands.reset) }),
];

export const { fuzz }: FuzzModule = {
  fuzz: ({ runs, seed, log }) => {
    const reader = new VmFrameReader();
    let answers = 0;
    const link = new VmLink({
      chassis: new SimulatedChassis({ clock: manualClock() }),
      send(bytes) {
        for (const { kind, bytes: told } of reader.read(bytes)) {
          if (kind !== "message") continue;
          answers++;
          if (checksum(told, 0, told.length) !== 0) throw new Error("an answer with a wrong checksum");
        }
      },
    });
    let run = 0;
    for (const bytes of mutated(seeds, { runs, seed })) {
      // Every other one gets past the checksum.
      const input = run++ % 2 === 0 ? bytes : request(...bytes);
      try {
        link.receive(input);
      } catch (cause) {
        throw new Error(`failed on ${Buffer.from(input).toString("hex")}`, { cause });
      }
    }
    link.receive(Uint8Array.of(0xa1));
    const before = answers;
    link.receive(deviceId);
    if (answers !== before + 1) throw new Error("the emulated BMC no longer answers");
    log(`vm: the emulated BMC answered ${answers} of the requests`);
  },
};
