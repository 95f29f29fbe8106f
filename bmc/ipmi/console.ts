// Serial over LAN, both ways. IPMI 2.0 §15.
import { decode, encode } from "../../wire/codec.ts";
import { absent, type Console, type ConsoleStream, isAbsent } from "../bmc.ts";
import { run, type Transport } from "./command.ts";
import { activatePayload, deactivatePayload, protectedSol, solPacket, solPayload } from "./commands/sol.ts";
import { ask } from "./lan-exchange.ts";
import { LanSession } from "./lan-session.ts";
import { orAbsent } from "./optional-answer.ts";
import { senseOrNone } from "./sense.ts";

const [notOpen, disabled] = [0x80, 0x81];
const instance = 1;
const quiet = {
  reserved: 0,
  refused: 0,
  unavailable: 0,
  deactivating: 0,
  overrun: 0,
  broken: 0,
  reserved2: 0,
};
const patience = { firstMs: 500, tries: 7 };
/** Header and trailer of a packet come off what the BMC says it takes. */
const headerBytes = 4;

export const ipmiConsole = (transport: Transport): Console => ({
  async open({ takeOver = false } = {}) {
    if (!(transport instanceof LanSession))
      return absent("the serial console is only there over the network");
    if (takeOver) await deactivate(transport);
    const request = { type: solPayload, instance, auxiliary: protectedSol };
    const grant = await orAbsent(run(transport, activatePayload, request), [disabled]);
    return isAbsent(grant)
      ? grant
      : openStream(transport, Math.max(1, Math.min(grant.toBmcBytes, 255) - headerBytes));
  },
});

function openStream(session: LanSession, mostBytes: number): ConsoleStream {
  const arrived: Uint8Array[] = [];
  const acknowledgements = new Set<(sequence: number, accepted: number) => void>();
  let [sequence, lastSeen, ended] = [0, 0, false];
  let wake = () => {};
  let turn: Promise<void> = Promise.resolve();

  const listener = session.listen(solPayload, (payload) => {
    const packet = senseOrNone(() => decode(solPacket, payload));
    if (!packet) return;
    if (packet.acknowledges !== 0)
      for (const hear of acknowledgements) hear(packet.acknowledges, packet.accepted);
    if (packet.sequence !== 0) {
      const accepted = packet.data.length;
      session.send(
        solPayload,
        encode(solPacket, {
          sequence: 0,
          acknowledges: packet.sequence,
          accepted,
          status: quiet,
          data: nothing,
        }),
      );
      // A packet sent again because our acknowledgement was lost is not shown twice.
      if (packet.sequence !== lastSeen && accepted > 0) arrived.push(packet.data.slice());
      lastSeen = packet.sequence;
    }
    if (packet.status.deactivating === 1) ended = true;
    wake();
  });

  const send = async (data: Uint8Array) => {
    sequence = (sequence % 15) + 1;
    const mine = sequence;
    const accepted = await ask<number>({
      clock: session.clock,
      patience,
      peer: session.peer,
      what: "type on the serial console",
      send: () =>
        session.send(
          solPayload,
          encode(solPacket, { sequence: mine, acknowledges: 0, accepted: 0, status: quiet, data }),
        ),
      listen: (answer) => {
        const hear = (acknowledged: number, accepted: number) => {
          if (acknowledged === mine) answer(accepted);
        };
        acknowledgements.add(hear);
        return { [Symbol.dispose]: () => acknowledgements.delete(hear) };
      },
    });
    return accepted === 0 ? data.length : Math.min(accepted, data.length);
  };

  return {
    output: (async function* () {
      for (;;) {
        while (arrived.length > 0) yield arrived.shift()!;
        if (ended) return;
        await new Promise<void>((resolve) => (wake = resolve));
      }
    })(),
    write(bytes) {
      const before = turn;
      turn = (async () => {
        await before.catch(() => {});
        for (let at = 0; at < bytes.length; ) at += await send(bytes.subarray(at, at + mostBytes));
      })();
      return turn;
    },
    async [Symbol.asyncDispose]() {
      ended = true;
      wake();
      listener[Symbol.dispose]();
      await deactivate(session).catch(() => {});
    },
  };
}

async function deactivate(session: LanSession): Promise<void> {
  const request = { type: solPayload, instance, auxiliary: new Uint8Array(4) };
  await orAbsent(run(session, deactivatePayload, request), [notOpen, disabled]);
}

const nothing = new Uint8Array();
