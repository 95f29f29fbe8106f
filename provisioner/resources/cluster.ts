import { z } from "zod";
import { secret } from "../../cosi/secret.ts";
import { timestamp } from "../../cosi/spec.ts";
import { parseSecrets } from "../../machine-config/generate/secrets.ts";
import { declare } from "./declare.ts";

const bundle = z.string().superRefine((text, context) => {
  try {
    parseSecrets(text);
  } catch (error) {
    context.addIssue({ code: "custom", message: error instanceof Error ? error.message : String(error) });
  }
});

/** What the nodes of one cluster share and nobody may guess. Id: the cluster's name. Made when a profile first names it. */
export const Cluster = declare("Clusters", {
  aliases: ["cluster", "clusters"],
  columns: { made: "{.madeAt}" },
  sensitive: true,
  spec: z.strictObject({
    /** All of its authorities, keys and tokens, as `talosctl gen secrets` writes them. */
    secrets: secret(bundle),
    madeAt: timestamp,
  }),
});
