// Any command on an emulated BMC, whatever way it came in by.
import type { RawRequest, RawResponse, Transport } from "../../ipmi/command.ts";
import { privilegeLevels } from "../../ipmi/commands/session.ts";
import { completions } from "../../ipmi/completion.ts";
import type { SimulatedChassis } from "../chassis.ts";
import { appHandlers } from "./app-handlers.ts";
import { chassisHandlers } from "./chassis-handlers.ts";
import { type Caller, type Handler, keyOf } from "./handler.ts";
import { lanHandlers } from "./lan-handlers.ts";
import { BmcMemory } from "./memory.ts";
import { storeHandlers } from "./store-handlers.ts";

const handlers = new Map<number, Handler>(
  [...appHandlers, ...chassisHandlers, ...storeHandlers, ...lanHandlers].map((handler) => [
    handler.key,
    handler,
  ]),
);

const nothing = new Uint8Array();

export function execute(request: RawRequest, caller: Caller): RawResponse {
  const handler = handlers.get(keyOf(request.netFn, request.code));
  if (!handler) return { completion: completions.invalidCommand, data: nothing };
  if (caller.privilege < handler.privilege) return { completion: completions.privilege, data: nothing };
  if (handler.privilege > 0 && caller.memory.isBusy(caller.chassis.quirks.busyEvery)) {
    return { completion: completions.nodeBusy, data: nothing };
  }
  return handler.run(request, caller);
}

/** The machine's own way to its BMC, as `/dev/ipmi0` is: no session, every privilege. */
export function insideTransport(chassis: SimulatedChassis): Transport {
  const memory = new BmcMemory(chassis);
  return {
    peer: "the BMC of this machine",
    clock: chassis.clock,
    exchange: async (request) =>
      execute(request, { chassis, memory, privilege: privilegeLevels.administrator }),
    [Symbol.asyncDispose]: async () => {},
  };
}
