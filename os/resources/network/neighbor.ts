import * as z from "zod";
import { ingotNetwork } from "../declare.ts";

/** The switch port at the other end of the cable, as it announces itself by LLDP. Id: the link's name. */
export const LinkNeighbor = ingotNetwork(
  "LinkNeighbors",
  z.strictObject({
    chassisId: z.string(),
    portId: z.string(),
    portDescription: z.string(),
    systemName: z.string(),
    systemDescription: z.string(),
    managementAddresses: z.array(z.string()),
    vlanId: z.int().optional(),
  }),
  { aliases: ["lldp"], columns: { System: "{.systemName}", Port: "{.portId}" } },
);
