import { duration, integer, text } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

export const tcpProbeConfig = documentKind({
  kind: "TCPProbeConfig",
  named: true,
  fields: { interval: duration, failureThreshold: integer, endpoint: text, timeout: duration },
  required: ["endpoint"],
  *rules({ interval, timeout, failureThreshold = 0, endpoint }) {
    if (interval?.startsWith("-")) yield ["interval", "must not be negative"];
    if (timeout?.startsWith("-")) yield ["timeout", "must not be negative"];
    if (failureThreshold < 0) yield ["failureThreshold", "must not be negative"];
    if (endpoint && !/:\d{1,5}$/.test(endpoint)) yield ["endpoint", "needs a port"];
  },
});
