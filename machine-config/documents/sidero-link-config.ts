import { text, url } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

export const sideroLinkConfig = documentKind({
  kind: "SideroLinkConfig",
  fields: { apiUrl: url, uniqueToken: text },
  required: ["apiUrl"],
  *rules({ apiUrl = "" }) {
    if (!/^(?:https|grpc):\/\/[^/]+\/?(?:\?.*)?$/.test(apiUrl)) {
      yield ["apiUrl", "must be https:// or grpc://, without a path"];
    }
  },
});
