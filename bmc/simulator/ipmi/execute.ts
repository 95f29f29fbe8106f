// Any command on an emulated BMC, whatever way it came in by.
import type { RawRequest, RawResponse } from "../../ipmi/command.ts";
import { completions } from "../../ipmi/completion.ts";
import { appHandlers } from "./app-handlers.ts";
import { chassisHandlers } from "./chassis-handlers.ts";
import { type Caller, type Handler, keyOf } from "./handler.ts";
import { hostHandlers } from "./host-handlers.ts";
import { lanHandlers } from "./lan-handlers.ts";
import { storeHandlers } from "./store-handlers.ts";

const handlers = new Map<number, Handler>(
  [...appHandlers, ...chassisHandlers, ...storeHandlers, ...lanHandlers, ...hostHandlers].map((handler) => [
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
