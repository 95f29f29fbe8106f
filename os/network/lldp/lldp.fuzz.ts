// Frames of a switch, mutated: each is read or refused with our own error, and nothing read moves a terminal's cursor.

import { WireError } from "../../../wire/error.ts";
import type { FuzzModule } from "../../../workshop/fuzz.ts";
import { mutated } from "../../../workshop/mutate.ts";
import { neighborOf } from "./frame.ts";

const seeds = [
  "020704001b21aabbcc040805457468313237060200780809746f207261636b20370a066c6561662d310c0b736f6d65207377697463681010050101c0000209020000000100000000",
  "020704001b21aabbcc0407030102030405060602007810180501020000000000000000000000000000000102000000010000",
  "020704001b21aabbcc040504c000020106020000fe060080c2010064fe06001 20f040506".replace(" ", ""),
].map((hex) => Uint8Array.from(Buffer.from(hex, "hex")));

export const fuzz: FuzzModule["fuzz"] = ({ runs, seed }) => {
  for (const bytes of mutated(seeds, { runs, seed })) {
    try {
      const { portId, systemName } = neighborOf(bytes);
      if (/\p{Cc}/u.test(portId + systemName)) throw new Error("a control character came through");
    } catch (cause) {
      if (!(cause instanceof WireError))
        throw new Error(`Cannot read ${Buffer.from(bytes).toString("hex")}`, { cause });
    }
  }
};
