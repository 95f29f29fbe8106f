import * as z from "zod";
import { ingotNetwork } from "../declare.ts";

/** Links that the machine config speaks of: nobody's usual ways touch them. Id: `configuration`. */
export const ConfiguredLinks = ingotNetwork(
  "ConfiguredLinks",
  z.strictObject({ links: z.array(z.string()) }),
  {
    columns: { Links: "{.links}" },
  },
);
