// The power button over Redfish.
import { absent, type Done, type Power, type PowerAction, type PowerState } from "../bmc.ts";
import { RedfishError } from "./error.ts";
import { orAbsent } from "./optional-answer.ts";
import { powerState } from "./resources.ts";
import { malformed } from "./shape.ts";
import type { Target } from "./system.ts";

/** Resource.ResetType, the best first. */
const resetTypes: Readonly<Record<PowerAction, readonly string[]>> = {
  on: ["On", "ForceOn"],
  off: ["ForceOff"],
  softOff: ["GracefulShutdown"],
  cycle: ["PowerCycle", "FullPowerCycle"],
  reset: ["ForceRestart"],
  interrupt: ["Nmi"],
};

/** Resource.PowerState, and "Reset" of iLO. */
const states: Readonly<Record<string, PowerState>> = {
  On: "on",
  Paused: "on",
  Off: "off",
  PoweringOn: "changing",
  PoweringOff: "changing",
  Reset: "changing",
};

export const redfishPower = (target: Target): Power => ({
  read: () => readPower(target),
  press: (action) => orAbsent(press(target, action)),
});

async function readPower({ service, path }: Target): Promise<PowerState> {
  const { PowerState } = await service.get(path, powerState);
  const state = PowerState === undefined ? undefined : states[PowerState];
  if (state === undefined)
    throw malformed(`${service.peer}${path}/PowerState`, `it is ${PowerState ?? "missing"}`);
  return state;
}

/** Of the values that an action takes, the one for this button; undefined when it takes none. */
export const resetTypeOf = (action: PowerAction, allowed: readonly string[] | undefined) =>
  resetTypes[action].find((type) => allowed?.includes(type) ?? true);

async function press(target: Target, action: PowerAction): Promise<Done> {
  const { service, system } = target;
  const button = system.Actions?.["#ComputerSystem.Reset"]?.target;
  const ResetType = resetTypeOf(action, target.resetTypes);
  if (button === undefined) return absent("the BMC offers no power button");
  if (ResetType === undefined)
    return absent(`the BMC knows no ${resetTypes[action][0]}, only ${target.resetTypes?.join(", ")}`);
  try {
    await service.post(button, { ResetType });
  } catch (error) {
    if (!(await isAlreadySo(target, action, error))) throw error;
  }
  return undefined;
}

/** iDRAC and iLO call it a conflict to turn on what is on. */
async function isAlreadySo(target: Target, action: PowerAction, error: unknown): Promise<boolean> {
  const isConflict =
    error instanceof RedfishError &&
    error.kind === "refused" &&
    (error.status === 400 || error.status === 409);
  if (!isConflict || (action !== "on" && action !== "off" && action !== "softOff")) return false;
  return (await readPower(target)) === (action === "on" ? "on" : "off");
}
