import * as z from "zod";
import { ingotRuntime } from "../declare.ts";

/** A server that shall be sent what services say. Id: its URL. */
export const LogDestinationSpec = ingotRuntime(
  "LogDestinationSpecs",
  z.strictObject({ url: z.string(), tags: z.record(z.string(), z.string()) }),
  { columns: { URL: "{.url}" } },
);
