// A command is a record; `run` is the one function that knows how to run any of them over any transport.
import { type Codec, decodePrefix, encode } from "../../wire/codec.ts";
import { type Clock, sleep } from "../clock.ts";
import { completions, meaningOf, temporary } from "./completion.ts";
import { IpmiError, type IpmiFailure } from "./error.ts";
import { makeSense } from "./sense.ts";

export interface Command<Request, Response> {
  /** As the specification calls it. */
  readonly name: string;
  readonly netFn: number;
  readonly code: number;
  readonly request: Codec<Request>;
  readonly response: Codec<Response>;
  /** What its own completion codes (0x80 to 0xbe) mean. */
  readonly completions?: Readonly<Record<number, string>>;
  /** Those of its own codes that pass by themselves. */
  readonly temporary?: readonly number[];
}

export const command = <Request, Response>(record: Command<Request, Response>): Command<Request, Response> =>
  record;

/** IPMI 2.0 §5.1, table 5-1: requests; a response has the next odd number. */
export const netFns = { chassis: 0x00, sensor: 0x04, app: 0x06, storage: 0x0a, transport: 0x0c } as const;

/** No data in this direction. */
export const empty: Codec<undefined> = { decode: () => undefined, encode() {} };

export interface RawRequest {
  readonly netFn: number;
  readonly lun: number;
  readonly code: number;
  readonly data: Uint8Array;
}

export interface RawResponse {
  readonly completion: number;
  readonly data: Uint8Array;
}

/** Carries raw commands to one BMC: a LAN session, or `/dev/ipmi0` of the machine itself. */
export interface Transport extends AsyncDisposable {
  /** For messages: who is being talked to. */
  readonly peer: string;
  readonly clock: Clock;
  exchange(request: RawRequest): Promise<RawResponse>;
}

/** Between two tries of a command that a BMC put off; six seconds in all. */
const pausesMs = [100, 200, 400, 800, 1_500, 3_000];

/** One command: asked again while the BMC is busy; every other completion code but 0 is an IpmiError. */
export async function run<Request, Response>(
  transport: Transport,
  command: Command<Request, Response>,
  request: Request,
  { lun = 0 }: { lun?: number } = {},
): Promise<Response> {
  const { netFn, code, name } = command;
  const data = encode(command.request, request);
  for (let attempt = 0; ; attempt++) {
    const answer = await transport.exchange({ netFn, lun, code, data });
    // Newer BMCs append fields to old responses, so what is left over does no harm.
    if (answer.completion === completions.ok)
      return makeSense(
        `the answer to ${name}`,
        transport.peer,
        () => decodePrefix(command.response, answer.data).value,
      );
    const pause = pausesMs[attempt];
    const passes = temporary.has(answer.completion) || command.temporary?.includes(answer.completion);
    if (!passes || pause === undefined) {
      throw new IpmiError({
        kind: kindOf(answer.completion),
        completion: answer.completion,
        message: `Cannot run ${name} on ${transport.peer}: ${meaningOf(answer.completion, command.completions)}`,
      });
    }
    await sleep(transport.clock, pause);
  }
}

const kindOf = (completion: number): IpmiFailure => {
  if (completion === completions.privilege) return "privilege";
  return completion === completions.stateForbids ? "notNow" : "completion";
};
