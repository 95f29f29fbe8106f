// How a node boots, on one page.

import type { Context } from "./context.ts";
import type { Phase } from "./phases.ts";
import { reportDisks } from "./tasks/disks.ts";
import { hardware } from "./tasks/hardware.ts";
import { hostnameFromArguments } from "./tasks/hostname.ts";
import { network } from "./tasks/network.ts";
import { pseudoFilesystems } from "./tasks/pseudo-filesystems.ts";

/** Tasks of one phase run together; a phase starts when the one above it is done. */
export const bootSequence: readonly Phase<Context>[] = [
  { name: "early", tasks: [pseudoFilesystems] },
  { name: "devices", tasks: [hostnameFromArguments, hardware] },
  { name: "network", tasks: [network, reportDisks] },
];
