// One thread reading and writing the packets that firmware really sends, with all their intricacies.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { BenchModule, Comparison } from "../../workshop/bench.ts";
import { decode, encode } from "../codec.ts";
import { packet } from "./packet.ts";

const goals = { decode: 1_000_000, encode: 700_000 };
/** The one that a boot storm has most of comes last: it is the main figure. */
const names = ["ipxe-bios-discover", "udhcpc-request", "edk2-pxe-discover"];

export const bench: BenchModule["bench"] = async ({ log }) => {
  log(
    "the peer of each line is the goal for ten options; the iPXE packet has ten and fourteen inside one of them",
  );
  return names.flatMap((name): Comparison[] => {
    const digits = readFileSync(join(import.meta.dirname, "captures", `${name}.hex`), "utf8");
    const bytes = Buffer.from(digits.replaceAll(/\s/g, ""), "hex");
    const value = decode(packet, bytes);
    const into = new Uint8Array(1500);
    const figure = (verb: keyof typeof goals, action: () => unknown): Comparison => ({
      name: `${verb} ${name}, ${bytes.length} bytes`,
      unit: "packets/s",
      ours: rate(action),
      peer: goals[verb],
      better: "higher",
    });
    return [
      figure("encode", () => encode(packet, value, into)),
      figure("decode", () => decode(packet, bytes)),
    ];
  });
};

/** Calls per second: the best of several rounds, because the machine also does other things. */
function rate(action: () => unknown): number {
  const rounds = 10;
  const calls = 50_000;
  let best = 0;
  for (let round = 0; round < rounds; round++) {
    const started = performance.now();
    for (let call = 0; call < calls; call++) action();
    best = Math.max(best, (calls * 1000) / (performance.now() - started));
  }
  return best;
}
