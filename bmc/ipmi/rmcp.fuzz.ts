// Mutated packets at everything that reads from the network: each ends in a value, in silence or in an error of the
// codec, never in anything else; and an emulated BMC that was shot at still serves.
import { randomBytes } from "node:crypto";
import { decode, encode } from "../../wire/codec.ts";
import { WireError } from "../../wire/error.ts";
import type { FuzzModule } from "../../workshop/fuzz.ts";
import { mutated } from "../../workshop/mutate.ts";
import { manualClock } from "../manual-clock.ts";
import { SimulatedChassis } from "../simulator/chassis.ts";
import { furnish } from "../simulator/furniture.ts";
import { IpmiEngine } from "../simulator/ipmi/engine.ts";
import { fruOf, sdrsOf } from "../simulator/ipmi/records.ts";
import { cipherSuites, suiteIdsOf, suiteRecordsOf } from "./cipher-suites.ts";
import { getChannelAuthenticationCapabilities, presentChannel } from "./commands/session.ts";
import { solPacket } from "./commands/sol.ts";
import { readFru } from "./fru-inventory.ts";
import { message, writeMessage } from "./message.ts";
import { open, payloadTypes, readEnvelope, type SessionKeys, writePacket } from "./packet.ts";
import { openSessionRequest, openSessionResponse, rakp1, rakp2, rakp3, rakp4 } from "./rakp.ts";
import { asf, rmcp } from "./rmcp.ts";
import { fullSensor, readSdrBody, sdr } from "./sdr-record.ts";
import { selHeader } from "./sel-record.ts";

const suite = cipherSuites[0]!;
const keys: SessionKeys = {
  suite,
  integrity: new Uint8Array(32).fill(1),
  confidentiality: new Uint8Array(16).fill(2),
};

const capabilities = writeMessage({
  netFn: getChannelAuthenticationCapabilities.netFn,
  lun: 0,
  sequence: 1,
  code: getChannelAuthenticationCapabilities.code,
  data: encode(getChannelAuthenticationCapabilities.request, {
    channel: { wantsPlus: 1, reserved: 0, number: presentChannel },
    privilege: 4,
  }),
});
const algorithms = {
  authentication: { algorithm: suite.authentication },
  integrity: { algorithm: suite.integrity },
  confidentiality: { algorithm: suite.confidentiality },
};
const openRequest = encode(openSessionRequest, { tag: 0, privilege: 4, consoleSession: 7, algorithms });
const packetOf = (type: number, payload: Uint8Array) =>
  writePacket({ format: "plus", type, session: 0, sequence: 0, payload });

const seeds = [
  writePacket({ format: "legacy", type: payloadTypes.ipmi, session: 0, sequence: 0, payload: capabilities }),
  packetOf(payloadTypes.ipmi, capabilities),
  packetOf(payloadTypes.openSessionRequest, openRequest),
  packetOf(
    payloadTypes.rakp1,
    encode(rakp1, {
      tag: 1,
      bmcSession: 1,
      consoleRandom: new Uint8Array(16),
      role: { reserved: 0, nameOnly: 1, privilege: 4 },
      user: "admin",
    }),
  ),
  packetOf(payloadTypes.rakp3, encode(rakp3, { tag: 2, status: 0, bmcSession: 1, code: new Uint8Array(32) })),
  writePacket(
    { format: "plus", type: payloadTypes.ipmi, session: 9, sequence: 3, payload: capabilities },
    keys,
  ),
  encode(rmcp, {
    sequence: 0xff,
    class: "asf",
    payload: encode(asf, { type: "ping", tag: 0, length: 0, data: new Uint8Array() }),
  }),
];

const furniture = furnish();
const stores = [fruOf(furniture), ...sdrsOf(furniture).map(({ bytes }) => bytes), suiteRecordsOf([0, 3, 17])];

const readers: readonly ((bytes: Uint8Array) => unknown)[] = [
  (bytes) => {
    const { payload } = decode(rmcp, bytes);
    return open(readEnvelope(payload), keys);
  },
  ...[
    message,
    openSessionRequest,
    openSessionResponse,
    rakp1,
    rakp2,
    rakp3,
    rakp4,
    asf,
    solPacket,
    selHeader,
    sdr,
  ].map((codec) => (bytes: Uint8Array) => decode<unknown>(codec, bytes)),
  (bytes) => readSdrBody(fullSensor, bytes),
  readFru,
  suiteIdsOf,
];

export const { fuzz }: FuzzModule = {
  fuzz: ({ runs, seed, log }) => {
    const chassis = new SimulatedChassis({ clock: manualClock(), furniture });
    const engine = new IpmiEngine({ chassis, randomBytes, udpPort: () => 623 });
    let [replies, run] = [0, 0];
    for (const input of mutated([...seeds, ...stores], { runs, seed })) {
      const reader = readers[run++ % readers.length]!;
      try {
        reader(input);
      } catch (error) {
        if (!(error instanceof WireError)) throw failure(input, error);
      }
      try {
        engine.receive(input, () => replies++);
      } catch (error) {
        throw failure(input, error);
      }
    }
    let answered = false;
    engine.receive(seeds[0]!, () => (answered = true));
    if (!answered) throw new Error("the emulated BMC no longer answers");
    log(`rmcp: the emulated BMC answered ${replies} of the packets`);
  },
};

const failure = (input: Uint8Array, cause: unknown) =>
  new Error(`failed on ${Buffer.from(input).toString("hex")}`, { cause });
