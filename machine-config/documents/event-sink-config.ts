import { text } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

export const eventSinkConfig = documentKind({
  kind: "EventSinkConfig",
  fields: { endpoint: text },
  *rules({ endpoint = "" }) {
    if (!/^.+:\d{1,5}$/.test(endpoint)) yield ["endpoint", "must be a host and a port"];
  },
});
