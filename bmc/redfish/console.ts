// Redfish carries no serial console. It tells where there is one, and that is what is said here.
import { type Absent, absent } from "../bmc.ts";
import { type ComputerSystem, manager as managerShape } from "./resources.ts";
import { boolean, isRecord, number, record } from "./shape.ts";
import type { Target } from "./system.ts";

const way = record({ ServiceEnabled: boolean, Port: number });

/** Of ComputerSystem.SerialConsole, where each way to the console is an object. */
function waysOf({ SerialConsole: told }: ComputerSystem, where: string): readonly string[] {
  if (!isRecord(told)) return [];
  return ["IPMI", "SSH", "Telnet", "WebSocket"].flatMap((name) => {
    if (!isRecord(told[name])) return [];
    const { ServiceEnabled, Port } = way(told[name], `${where}/SerialConsole/${name}`);
    return ServiceEnabled === false ? [] : [Port === undefined ? name : `${name} (port ${Port})`];
  });
}

export async function whereTheConsoleIs(target: Target): Promise<Absent> {
  const ways = [...waysOf(target.system, `${target.service.peer}${target.path}`)];
  if (ways.length === 0) {
    for (const path of await target.managers()) {
      const { SerialConsole } = await target.service.get(path, managerShape);
      if (SerialConsole?.ServiceEnabled !== false) ways.push(...(SerialConsole?.ConnectTypesSupported ?? []));
    }
  }
  return carriesNone(ways);
}

const carriesNone = (ways: readonly string[]) =>
  absent(
    `Redfish carries no serial console; this BMC ${ways.length === 0 ? "tells of none" : `has it over ${ways.join(", ")}`}`,
  );

/** As far as the system itself tells, without another request. */
export const consoleCapability = (target: Target): Absent =>
  carriesNone(waysOf(target.system, `${target.service.peer}${target.path}`));
