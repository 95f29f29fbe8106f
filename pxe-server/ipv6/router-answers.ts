// Tells booting machines that there is no IPv6 router. iPXE asks for one beside its DHCP, and without any answer waits
// 13 s before it boots; most segments that machines are provisioned on have no IPv6.
import type { Clock } from "../clock.ts";
import { noRouter, solicitorOf } from "./router-discovery.ts";

/** Where router solicitations of one interface arrive, and answers leave. */
export interface SolicitationSocket extends Disposable {
  /** The next packet that waits, at once; undefined when there is none. */
  receive(): { readonly packet: Uint8Array; readonly from: Uint8Array } | undefined;
  send(packet: Uint8Array, to: Uint8Array): void;
}

export interface RouterAnswersOptions {
  readonly device: string;
  readonly clock: Clock;
  readonly openSocket: (device: string) => SolicitationSocket;
  /** Only these machines are answered: nobody else's IPv6 is our business. */
  readonly isBooting: (mac: string) => boolean;
  readonly onWarning: (text: string) => void;
}

/** No event tells of a packet on a raw socket; a machine that waits a twentieth of a second does not notice. */
const pollMs = 50;
const maxPerPoll = 256;

export function answerSolicitations(options: RouterAnswersOptions): Disposable {
  const { device, clock, openSocket, isBooting, onWarning } = options;
  const opened = open(openSocket, device, onWarning);
  if (!opened) return { [Symbol.dispose]: () => {} };
  const poll = clock.every(pollMs, () => {
    for (let received = 0; received < maxPerPoll; received++) {
      const next = opened.receive();
      if (!next) return;
      const mac = solicitorOf(next.packet);
      if (mac && isBooting(mac)) opened.send(noRouter, next.from);
    }
  });
  return {
    [Symbol.dispose]: () => {
      poll[Symbol.dispose]();
      opened[Symbol.dispose]();
    },
  };
}

/** Machines boot without it, only later: a host without IPv6 or without the right to raw sockets serves all the same. */
function open(
  openSocket: RouterAnswersOptions["openSocket"],
  device: string,
  onWarning: (text: string) => void,
): SolicitationSocket | undefined {
  try {
    return openSocket(device);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    onWarning(`router solicitations on ${device} stay unanswered, iPXE in ROM waits for 13 s: ${why}`);
    return undefined;
  }
}
