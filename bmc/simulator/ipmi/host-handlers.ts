// What the machine's own driver asks, answered. Nothing ever waits for the host here: it asks, and is answered.

import { privilegeLevels } from "../../ipmi/commands/session.ts";
import {
  clearMessageFlags,
  getGlobalEnables,
  getMessage,
  getMessageFlags,
  readEventBuffer,
  setGlobalEnables,
} from "../../ipmi/commands/system-interface.ts";
import { handle, refuse, systemInterface } from "./handler.ts";

const nothingWaits = 0x80;

export const hostHandlers = [
  handle(setGlobalEnables, systemInterface, (enables, { memory }) => {
    memory.globalEnables = enables;
    return undefined;
  }),
  handle(getGlobalEnables, privilegeLevels.user, (_, { memory }) => memory.globalEnables),
  handle(clearMessageFlags, systemInterface, () => undefined),
  handle(getMessageFlags, systemInterface, () => 0),
  handle(getMessage, systemInterface, () => refuse(nothingWaits)),
  handle(readEventBuffer, systemInterface, () => refuse(nothingWaits)),
];
