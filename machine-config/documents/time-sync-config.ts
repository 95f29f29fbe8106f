import { duration, flag, text } from "../schema/scalars.ts";
import { list, section } from "../schema/section.ts";
import { documentKind } from "./document-kind.ts";

export const timeSyncConfig = documentKind({
  kind: "TimeSyncConfig",
  fields: {
    enabled: flag,
    bootTimeout: duration,
    ntp: section({ servers: list(text) }),
    ptp: section({ devices: list(text) }),
  },
  *rules({ bootTimeout, ntp, ptp }) {
    if (bootTimeout?.startsWith("-")) yield ["bootTimeout", "must not be negative"];
    if (ntp && ptp) yield ["ptp", "cannot be set together with ntp"];
  },
});
