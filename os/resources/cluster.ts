import * as z from "zod";
import { cluster } from "./declare.ts";

/** The cluster that the config makes the node a member of. Id: `current`. */
export const ClusterInfo = cluster(
  "Infos",
  z.strictObject({ clusterId: z.string(), clusterName: z.string() }),
  {
    columns: { "Cluster ID": "{.clusterId}", "Cluster Name": "{.clusterName}" },
  },
);
