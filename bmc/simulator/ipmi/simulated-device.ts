// `/dev/ipmi0` of the emulated server: what Linux's driver does, without Linux.
import type { RawRequest, RawResponse, Transport } from "../../ipmi/command.ts";
import { type HostDevice, hostTransport } from "../../ipmi/host-transport.ts";
import type { SimulatedChassis } from "../chassis.ts";
import { execute } from "./execute.ts";
import { systemInterface } from "./handler.ts";
import { BmcMemory } from "./memory.ts";

export function simulatedDevice(chassis: SimulatedChassis): HostDevice {
  const memory = BmcMemory.of(chassis);
  const listeners = new Set<(id: number, response: RawResponse) => void>();
  return {
    path: "/dev/ipmi0",
    send(id: number, request: RawRequest) {
      const response = execute(request, { chassis, memory, privilege: systemInterface });
      queueMicrotask(() => {
        for (const listener of [...listeners]) listener(id, response);
      });
    },
    listen(listener) {
      listeners.add(listener);
      return { [Symbol.dispose]: () => listeners.delete(listener) };
    },
    [Symbol.dispose]: () => listeners.clear(),
  };
}

/** The machine's own way to its BMC: every privilege, and no session. */
export const insideTransport = (chassis: SimulatedChassis): Transport =>
  hostTransport({ device: simulatedDevice(chassis), clock: chassis.clock });
