// How a node boots, on one page.

import { configSources } from "./config-sources.ts";
import type { Context } from "./context.ts";
import type { Life } from "./life.ts";
import type { Phase } from "./phases.ts";
import { agent } from "./tasks/agent.ts";
import { controllers } from "./tasks/controllers.ts";
import { efiVariables } from "./tasks/efi-variables.ts";
import { hardening } from "./tasks/hardening.ts";
import { hardware } from "./tasks/hardware.ts";
import { install } from "./tasks/install.ts";
import { loadAgent } from "./tasks/load-agent.ts";
import { loadConfig } from "./tasks/load-config.ts";
import { proveSlot } from "./tasks/prove-slot.ts";
import { pseudoFilesystems } from "./tasks/pseudo-filesystems.ts";
import { reportHardware } from "./tasks/report-hardware.ts";
import { reportPciDevices } from "./tasks/report-pci-devices.ts";
import { selfCheck } from "./tasks/self-check.ts";
import { services } from "./tasks/services.ts";
import { status } from "./tasks/status.ts";
import { systemDisk } from "./tasks/system-disk.ts";
import { volumes } from "./tasks/volumes.ts";

/** Tasks of one phase run together; a phase starts when the one above it is done. */
export const bootSequence: readonly Phase<Context>[] = [
  { name: "early", tasks: [pseudoFilesystems] },
  { name: "hardening", tasks: [hardening] },
  // Drivers wait for their devices while the others begin; controllers look after whatever comes.
  { name: "devices", tasks: [hardware, controllers, loadAgent, efiVariables, status] },
  // Before the config: what was applied to an installed machine is in STATE.
  { name: "system disk", tasks: [systemDisk] },
  { name: "config", tasks: [loadConfig(configSources)] },
];

/**
 * What follows, by the life that the boot turned out to lead (life.ts). A task that starts a service leaves its end in
 * `context.closing`; what it has to know of the node, and what others have to know of it, is in `context.state`.
 */
export const lives: Readonly<Record<Life, readonly Phase<Context>[]>> = {
  agent: [{ name: "agent", tasks: [agent, reportHardware, selfCheck] }],
  maintenance: [
    { name: "maintenance", tasks: [reportHardware, reportPciDevices, selfCheck, services("maintenance")] },
  ],
  run: [
    { name: "install", tasks: [install] },
    { name: "volumes", tasks: [volumes] },
    { name: "run", tasks: [reportHardware, reportPciDevices, selfCheck, services("run")] },
    { name: "trial", tasks: [proveSlot] },
  ],
};
