import { z } from "zod";
import { timestamp } from "../../cosi/spec.ts";
import { declare } from "./declare.ts";

/** A network segment by its pxe-server, as that announced itself. Id: the name in the pxe-server's certificate. */
export const Segment = declare("Segments", {
  aliases: ["segment", "segments", "pxe"],
  columns: { version: "{.version}", started: "{.startedAt}", seen: "{.seenAt}" },
  spec: z.strictObject({
    version: z.string(),
    interfaces: z.array(
      z.strictObject({
        name: z.string(),
        addresses: z.array(z.string()),
        dhcp: z.enum(["off", "full", "proxy", "reservationsOnly"]),
      }),
    ),
    startedAt: timestamp,
    seenAt: timestamp,
  }),
});
