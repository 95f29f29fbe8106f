// Hostile packets against the codec and a running transfer: nothing throws, nothing is sent without bound.
import { mutated } from "../../workshop/mutate.ts";
import { defaultLimits, negotiate } from "./options.ts";
import { decodeFromClient, decodeRequest } from "./packet.ts";
import { advance, begin, type Step } from "./transfer.ts";

const latin1 = (text: string) => Buffer.from(text, "latin1");
const seeds = [
  latin1("\0\x01snponly.efi\0octet\0tsize\x000\0blksize\x001468\0windowsize\x004\0"),
  latin1("\0\x01undionly.kpxe\0octet\0blksize\x001432\0tsize\x000\0timeout\x001\0"),
  latin1("\0\x02file\0netascii\0"),
  latin1("\0\x04\0\0"),
  latin1("\0\x04\0\x01"),
  latin1("\0\x05\0\x08User aborted the transfer\0"),
];
const sizeBytes = 5000;

export function fuzz({ runs, seed }: { runs: number; seed: number }): void {
  let step: Step | undefined;
  for (const packet of mutated(seeds, { runs, seed })) {
    const request = decodeRequest(packet);
    if (request) step = begin(negotiate(request.options, sizeBytes, defaultLimits), sizeBytes);
    const event = decodeFromClient(packet);
    if (!event || !step) continue;
    step = advance(step.transfer, event);
    const { transfer, action } = step;
    const say = () => `after ${Buffer.from(packet).toString("hex")}: ${JSON.stringify(step)}`;
    if (transfer.acked > transfer.sent || transfer.sent > transfer.lastBlock)
      throw new Error(`acknowledged unsent, ${say()}`);
    if (
      action.do === "blocks" &&
      (action.from < 1 || action.to > transfer.lastBlock || action.from > action.to)
    ) {
      throw new Error(`blocks outside the file, ${say()}`);
    }
    if (transfer.outgoing > 8 * transfer.lastBlock + 16 * transfer.window)
      throw new Error(`an amplifier, ${say()}`);
    if (action.do === "finish" || action.do === "fail" || action.do === "decline") step = undefined;
  }
}
