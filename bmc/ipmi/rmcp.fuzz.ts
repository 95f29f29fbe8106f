// Mutated packets at everything that reads from the network: each ends in a value, in silence or in an error of the
// codec, never in anything else; and an emulated BMC that was shot at still serves. Mutated answers at every verb of the
// client: each ends in an answer or in an error of ours.
import { randomBytes } from "node:crypto";
import { decode, encode } from "../../wire/codec.ts";
import { WireError } from "../../wire/error.ts";
import type { FuzzModule } from "../../workshop/fuzz.ts";
import { mutated, randomFrom } from "../../workshop/mutate.ts";
import type { Bmc } from "../bmc.ts";
import { manualClock, movedByWaiting } from "../manual-clock.ts";
import { SimulatedChassis } from "../simulator/chassis.ts";
import { furnish } from "../simulator/furniture.ts";
import { IpmiEngine } from "../simulator/ipmi/engine.ts";
import { fruOf, sdrsOf } from "../simulator/ipmi/records.ts";
import { insideTransport } from "../simulator/ipmi/simulated-device.ts";
import { cipherSuites, suiteIdsOf, suiteRecordsOf } from "./cipher-suites.ts";
import { getChannelAuthenticationCapabilities, presentChannel } from "./commands/session.ts";
import { solPacket } from "./commands/sol.ts";
import { ipmiBmc } from "./driver.ts";
import { IpmiError } from "./error.ts";
import { readFru } from "./fru-inventory.ts";
import { message, writeMessage } from "./message.ts";
import { setUpOwnAccount } from "./own-account.ts";
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

const account = { name: "ingot", password: "x", privilege: "operator" } as const;
const verbs: readonly ((bmc: Bmc) => Promise<unknown>)[] = [
  (bmc) => bmc.power.read(),
  (bmc) => bmc.power.press("on"),
  (bmc) => bmc.boot.read(),
  (bmc) => bmc.boot.set({ device: "pxe", lasting: "once", firmware: "uefi" }),
  (bmc) => bmc.chassis.facts(),
  (bmc) => bmc.chassis.identify("on"),
  (bmc) => bmc.health.sensors(),
  (bmc) => bmc.health.events(),
  (bmc) => bmc.health.clearEvents(),
  (bmc) => bmc.accounts.list(),
  (bmc) => bmc.accounts.put(account),
  (bmc) => bmc.accounts.remove("admin"),
  (bmc) => bmc.controller.network(),
  (bmc) => bmc.controller.setNetwork({ source: "dhcp" }),
];
const completionCodes = [0x00, 0x80, 0xc0, 0xc1, 0xc5, 0xc9, 0xca, 0xcb, 0xcc, 0xd4, 0xd5, 0xff] as const;

/** One verb on a BMC one of whose answers is spoilt, on the way to the verb or in it. */
async function askOne(random: () => number): Promise<boolean> {
  const clock = manualClock();
  const chassis = new SimulatedChassis({ clock });
  chassis.log({ sensor: "CPU Temp", message: "hot", grade: "warning" });
  const honest = insideTransport(chassis);
  const upTo = (limit: number) => Math.floor(random() * limit);
  let spoilsAt = upTo(12);
  const transport = {
    ...honest,
    clock: movedByWaiting(clock),
    async exchange(request: Parameters<typeof honest.exchange>[0]) {
      const answer = await honest.exchange(request);
      if (spoilsAt-- !== 0) return answer;
      if (random() < 0.2) return { ...answer, completion: completionCodes[upTo(completionCodes.length)]! };
      const [data] = mutated([answer.data], { runs: 1, seed: 1 + upTo(2 ** 31) });
      return { ...answer, data: data! };
    },
  };
  try {
    const chosen = upTo(verbs.length + 1);
    if (chosen < verbs.length) await verbs[chosen]!(await ipmiBmc(transport));
    else await setUpOwnAccount(transport, { ...account, userName: account.name, onlyLook: false });
    return true;
  } catch (error) {
    if (error instanceof IpmiError) return false;
    throw error;
  }
}

export const { fuzz }: FuzzModule = {
  fuzz: async ({ runs, seed, log }) => {
    const random = randomFrom(seed);
    let [answered, refused] = [0, 0];
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
      try {
        if (await askOne(random)) answered++;
        else refused++;
      } catch (error) {
        throw new Error(`the verb of run ${run} failed`, { cause: error });
      }
    }
    let serves = false;
    engine.receive(seeds[0]!, () => (serves = true));
    if (!serves) throw new Error("the emulated BMC no longer answers");
    log(
      `rmcp: the emulated BMC answered ${replies} of the packets; ${answered} verbs answered, ${refused} ended in an error of ours`,
    );
  },
};

const failure = (input: Uint8Array, cause: unknown) =>
  new Error(`failed on ${Buffer.from(input).toString("hex")}`, { cause });
