// Captured packets, mutated: each ends in a packet that survives being written and read again, or in a WireError.
import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import type { FuzzModule } from "../../workshop/fuzz.ts";
import { mutated } from "../../workshop/mutate.ts";
import { decode, encode } from "../codec.ts";
import { WireError } from "../error.ts";
import { type Packet, packet } from "./packet.ts";

const folder = join(import.meta.dirname, "captures");

export const fuzz: FuzzModule["fuzz"] = ({ runs, seed, log }) => {
  const captured = globSync("*.hex", { cwd: folder })
    .sort()
    .map((file) => Uint8Array.fromHex(readFileSync(join(folder, file), "utf8").replaceAll(/\s/g, "")));
  // Half of the runs change only options, where the packet's intricacies are.
  const optionsOnly = captured.map((bytes) => bytes.subarray(240));
  const header = captured[0]!.slice(0, 240);
  header.set(Uint8Array.of(12, 1, 0x63, 0, 255), serverNameAt);
  header.set(Uint8Array.of(12, 1, 0x64, 1, 3, 10, 0, 0), fileAt);

  let read = 0;
  let malformed = 0;
  const examine = (input: Uint8Array) => {
    const value = decodeOrRefuse(input);
    if (!value) return;
    read++;
    const written = encode(packet, value);
    if (value.malformed) malformed++;
    else if (!isDeepStrictEqual(decode(packet, written), value)) {
      throw new Error(`changed by being written and read: ${input.toHex()}`);
    }
  };
  const half = Math.ceil(runs / 2);
  for (const input of mutated(captured, { runs: half, seed })) examine(input);
  for (const options of mutated([...optionsOnly, ...intricate], { runs: runs - half, seed })) {
    examine(Buffer.concat([header, options]));
  }
  log(`${read} of ${runs} inputs could be read, ${malformed} of them with an option that could not`);
};

/** Options that continue in the fields of BOOTP, values in pieces, names that point at one another. */
const intricate = [
  "340103 0c0161 0c0162 350101 ff",
  "340102 770b 0161 03636f6d 00 0162 c002 7903 080a0a 7903 000001 ff",
].map((digits) => Uint8Array.fromHex(digits.replaceAll(" ", "")));

/** Where the fields of BOOTP begin. */
const serverNameAt = 44;
const fileAt = 108;

function decodeOrRefuse(input: Uint8Array): Packet | undefined {
  try {
    return decode(packet, input);
  } catch (error) {
    if (error instanceof WireError) return undefined;
    throw new Error(`did not end in a WireError: ${input.toHex()}`, { cause: error });
  }
}
