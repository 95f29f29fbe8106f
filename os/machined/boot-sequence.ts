// How a node boots, on one page.

import type { Context } from "./context.ts";
import type { Phase } from "./phases.ts";
import { agent } from "./tasks/agent.ts";
import { controllers } from "./tasks/controllers.ts";
import { reportDisks } from "./tasks/disks.ts";
import { hardware } from "./tasks/hardware.ts";
import { loadAgent } from "./tasks/load-agent.ts";
import { pseudoFilesystems } from "./tasks/pseudo-filesystems.ts";

/** Tasks of one phase run together; a phase starts when the one above it is done. */
export const bootSequence: readonly Phase<Context>[] = [
  { name: "early", tasks: [pseudoFilesystems] },
  // Controllers look after whatever comes, so they need not wait for the drivers that bring it.
  { name: "devices", tasks: [controllers, hardware, loadAgent] },
  { name: "work", tasks: [agent, reportDisks] },
];
