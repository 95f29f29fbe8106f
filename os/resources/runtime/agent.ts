import * as z from "zod";
import { ingotRuntime } from "../declare.ts";

/** How the agent stands with its provisioner. Id: `agent`. */
export const AgentStatus = ingotRuntime(
  "AgentStatuses",
  z.strictObject({
    /** What the provisioner waits for, in a sentence; empty without a session. */
    says: z.string(),
  }),
  { columns: { Says: "{.says}" } },
);
