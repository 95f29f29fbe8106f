import { setHostname } from "../../kernel/hostname.ts";
import type { Context } from "../context.ts";
import type { Task } from "../phases.ts";

export const hostnameFromArguments: Task<Context> = {
  name: "hostname",
  run(context) {
    setHostname(context.arguments().last("talos.hostname") ?? "ingot");
  },
};
