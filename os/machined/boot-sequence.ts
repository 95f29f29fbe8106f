// How a node boots and how it goes down, on one page.

import { agentArgumentNames } from "../agent/agent-arguments.ts";
import type { Context } from "./context.ts";
import { later } from "./later.ts";
import type { Life } from "./life.ts";
import type { Phase } from "./phases.ts";
import type { Sequence } from "./sequencer.ts";
import { agent } from "./tasks/agent.ts";
import { controllers } from "./tasks/controllers.ts";
import { efiVariables } from "./tasks/efi-variables.ts";
import { closeEverything, stopAllServices } from "./tasks/ending.ts";
import { hardening } from "./tasks/hardening.ts";
import { hardware } from "./tasks/hardware.ts";
import { install, isToBeInstalled } from "./tasks/install.ts";
import { loadAgent } from "./tasks/load-agent.ts";
import { runningMaintenance } from "./tasks/maintenance.ts";
import { pseudoFilesystems } from "./tasks/pseudo-filesystems.ts";
import { services } from "./tasks/services.ts";
import { stagedUpgrade } from "./tasks/staged-upgrade.ts";
import { status } from "./tasks/status.ts";
import { watchdog } from "./tasks/watchdog.ts";

// What a machine in agent mode does not do, or only after its hello, is read when it is wanted.
const reportHardware = later(
  "hardware report",
  async () => (await import("./tasks/report-hardware.ts")).reportHardware,
);
const reportPciDevices = later(
  "PCI devices",
  async () => (await import("./tasks/report-pci-devices.ts")).reportPciDevices,
);
const selfCheck = later("self-check", async () => (await import("./tasks/self-check.ts")).selfCheck);
const systemDisk = later("system disk", async () => (await import("./tasks/system-disk.ts")).systemDisk);
const machineConfig = later("machine config", async () => {
  const [{ loadConfig }, { configSources }] = await Promise.all([
    import("./tasks/load-config.ts"),
    import("./config-sources.ts"),
  ]);
  return loadConfig(configSources);
});
const nodeControllers = later(
  "node controllers",
  async () => (await import("./tasks/node-controllers.ts")).nodeControllers,
);
const userFiles = later("user files", async () => (await import("./tasks/user-files.ts")).userFiles);
const volumes = later("volumes", async () => (await import("./tasks/volumes.ts")).volumes);

/** A machine that obeys a provisioner leaves its disks alone, and takes nobody else's word. */
const isNoAgent = ({ arguments: args }: Context) => args().last(agentArgumentNames.provisioner) === undefined;

/** Tasks of one phase run together; a phase starts when the one above it is done. */
export const initialize: Sequence<Context> = {
  name: "initialize",
  phases: [
    { name: "early", tasks: [pseudoFilesystems] },
    { name: "hardening", tasks: [hardening] },
    // Drivers wait for their devices while the others begin; controllers look after whatever comes. Disks are waited for
    // by those who need them.
    { name: "devices", tasks: [hardware, controllers, loadAgent, efiVariables, status] },
    { name: "watchdog", tasks: [watchdog] },
    // Before the config: what was applied to an installed machine is in STATE.
    { name: "system disk", tasks: [systemDisk], when: isNoAgent },
    { name: "config", tasks: [machineConfig], when: isNoAgent },
  ],
};

/** Begun once, whichever life needs them first. */
const following: Phase<Context> = { name: "controllers", tasks: [nodeControllers] };
const atWork: Phase<Context> = {
  name: "services",
  tasks: [reportHardware, reportPciDevices, selfCheck, services],
};

/**
 * What follows, by the life that the boot turned out to lead (life.ts). A task that starts a service leaves its end in
 * `context.services` or `context.closing`; what it has to know of the node, and what others have to know of it, is in
 * `context.state`.
 */
export const lives: Readonly<Record<Life, readonly Sequence<Context>[]>> = {
  agent: [
    {
      name: "boot",
      phases: [
        { name: "agent", tasks: [agent] },
        { name: "report", tasks: [reportHardware, selfCheck] },
      ],
    },
  ],
  // Ends when the machine has its config; it leads the life of a machine that runs from then on.
  maintenance: [
    { name: "initialize", phases: [following, atWork, { name: "maintenance", tasks: [runningMaintenance] }] },
  ],
  run: [
    {
      name: "install",
      when: isToBeInstalled,
      // The image may be where only the config knows the way to, and whoever waits for the machine hears how far it is.
      phases: [following, atWork, { name: "install", tasks: [install] }],
    },
    {
      name: "boot",
      phases: [
        following,
        { name: "volumes", tasks: [volumes] },
        stagedUpgrade,
        { name: "files", tasks: [userFiles] },
        atWork,
      ],
    },
  ],
};

/** How every boot ends, whatever it is part of; then the kernel is told to restart or to turn the power off. */
export const ending: Sequence<Context>["phases"] = [
  { name: "stopEverything", tasks: [stopAllServices] },
  { name: "unmountSystem", tasks: [closeEverything] },
];
