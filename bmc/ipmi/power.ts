import type { Done, Power } from "../bmc.ts";
import { run, type Transport } from "./command.ts";
import { chassisControl, getChassisStatus } from "./commands/chassis.ts";
import { orAbsent } from "./optional-answer.ts";

export const ipmiPower = (transport: Transport): Power => ({
  read: async () => ((await run(transport, getChassisStatus, undefined)).power.on === 1 ? "on" : "off"),
  press: (action): Promise<Done> => orAbsent(run(transport, chassisControl, action)),
});
