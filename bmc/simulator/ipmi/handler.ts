// The answering side of a command record: the same table that the client asks by.
import { decode, encode } from "../../../wire/codec.ts";
import { WireError } from "../../../wire/error.ts";
import type { Command, RawRequest, RawResponse } from "../../ipmi/command.ts";
import { completions } from "../../ipmi/completion.ts";
import type { SimulatedChassis } from "../chassis.ts";
import type { BmcMemory } from "./memory.ts";

/** The privilege of the machine itself: some commands are for it alone. */
export const systemInterface = 6;

export interface Caller {
  readonly chassis: SimulatedChassis;
  readonly memory: BmcMemory;
  /** Of the session, or `systemInterface`. */
  readonly privilege: number;
  /** Absent outside a session and from inside the machine. */
  readonly session?: SessionOfCaller | undefined;
}

/** What commands may do to the session they came in by. */
export interface SessionOfCaller {
  readonly id: number;
  readonly udpPort: number;
  setPrivilege(level: number): boolean;
  /** False when there is no such session. */
  close(id: number): boolean;
  /** False when another session has the console. */
  openConsole(): boolean;
  closeConsole(): boolean;
}

export interface Refused {
  readonly refused: number;
}
export const refuse = (completion: number): Refused => ({ refused: completion });

const isRefused = (value: unknown): value is Refused =>
  typeof value === "object" && value !== null && "refused" in value;

export interface Handler {
  readonly key: number;
  /** IPMI 2.0 appendix G: the least privilege. */
  readonly privilege: number;
  readonly run: (request: RawRequest, caller: Caller) => RawResponse;
}

export const keyOf = (netFn: number, code: number) => (netFn << 8) | code;

const nothing = new Uint8Array();

export function handle<Request, Response>(
  command: Command<Request, Response>,
  privilege: number,
  answer: (request: Request, caller: Caller) => Response | Refused,
): Handler {
  return {
    key: keyOf(command.netFn, command.code),
    privilege,
    run({ data }, caller) {
      const request = read(command, data);
      if (isRefused(request)) return { completion: request.refused, data: nothing };
      const response = answer(request, caller);
      if (isRefused(response)) return { completion: response.refused, data: nothing };
      return { completion: completions.ok, data: encode(command.response, response) };
    },
  };
}

function read<Request>({ request }: Command<Request, unknown>, data: Uint8Array): Request | Refused {
  try {
    return decode(request, data);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return refuse(error.reason.includes("none of") ? completions.invalidField : completions.wrongLength);
  }
}
