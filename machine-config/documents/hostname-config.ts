import * as z from "zod";
import { text } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

export const hostnameConfig = documentKind({
  kind: "HostnameConfig",
  fields: { auto: z.enum(["stable", "off"]), hostname: text },
  *rules({ auto = "off", hostname = "" }) {
    if (auto === "off" && !hostname) yield ["", "either auto or hostname must be set"];
    if (auto !== "off" && hostname) yield ["hostname", "cannot be set together with auto"];
    const [first = ""] = hostname.split(".");
    if (hostname && (first.length < 1 || first.length > 63 || hostname.length > 253)) {
      yield ["hostname", "has a name that is empty or too long"];
    }
  },
});
