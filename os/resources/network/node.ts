// What the network comes to for the node as a whole.
import * as z from "zod";
import { network } from "../declare.ts";

/**
 * Ids: `default` (the one that others know the node by), `current` (all that may be talked to), `routed` (those of them
 * that others reach; upstream's dashboard shows it, and there are no others yet).
 */
export const NodeAddress = network("NodeAddresses", z.strictObject({ addresses: z.array(z.string()) }), {
  columns: { Addresses: "{.addresses}" },
});

export const networkStatusId = "status";
/** Id: `status`. */
export const NetworkStatus = network(
  "NetworkStatuses",
  z.strictObject({
    addressReady: z.boolean(),
    connectivityReady: z.boolean(),
    hostnameReady: z.boolean(),
    etcFilesReady: z.boolean(),
    /** What is missing, in a sentence for whoever stands in front of the machine; empty when nothing is. */
    waitingFor: z.string(),
  }),
  {
    aliases: ["netstatus"],
    columns: { Address: "{.addressReady}", Connectivity: "{.connectivityReady}" },
  },
);
