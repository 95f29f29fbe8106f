// The machine's own way to its BMC: no network, no session, no password, every privilege.
import type { Clock } from "../clock.ts";
import { oneAtATime } from "../one-at-a-time.ts";
import type { RawRequest, RawResponse, Transport } from "./command.ts";
import { ask } from "./lan-exchange.ts";

/** The driver of the machine's BMC, such as Linux offers it by `/dev/ipmi0`. */
export interface HostDevice extends Disposable {
  readonly path: string;
  /** The answer is told to the listeners, with this id. */
  send(id: number, request: RawRequest): void;
  listen(listener: (id: number, response: RawResponse) => void): Disposable;
}

export interface HostTransportOptions {
  readonly device: HostDevice;
  readonly clock: Clock;
  readonly signal?: AbortSignal | undefined;
}

/** The driver repeats by itself, and gives a BMC that hangs up after some 25 s. */
const patience = { firstMs: 40_000, tries: 1 } as const;

/** Commands through `device`, which it owns from now on. */
export function hostTransport({ device, clock, signal }: HostTransportOptions): Transport {
  const peer = `the BMC behind ${device.path}`;
  let lastId = 0;
  // The driver would queue them, and their deadlines would run meanwhile.
  const inTurn = oneAtATime();

  const exchange = (request: RawRequest): Promise<RawResponse> => {
    const id = ++lastId;
    return ask({
      clock,
      signal,
      patience,
      peer,
      what: `run command 0x${request.netFn.toString(16)}/0x${request.code.toString(16)}`,
      send: () => device.send(id, request),
      // An answer that comes after its question was given up belongs to nobody.
      listen: (answer) => device.listen((answered, response) => answered === id && answer(response)),
    });
  };
  return {
    peer,
    clock,
    exchange: (request) => inTurn(() => exchange(request)),
    async [Symbol.asyncDispose]() {
      device[Symbol.dispose]();
    },
  };
}
