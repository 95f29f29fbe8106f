import { url } from "../schema/scalars.ts";
import { documentKind } from "./document-kind.ts";

/** Sends the kernel's messages to a server. */
export const kmsgLogConfig = documentKind({
  kind: "KmsgLogConfig",
  named: true,
  fields: { url },
  *rules({ url = "" }) {
    if (!/^(?:tcp|udp):\/\/[^/]+:\d{1,5}\/?$/.test(url)) {
      yield ["url", "must be tcp:// or udp://, with a port and no path"];
    }
  },
});
