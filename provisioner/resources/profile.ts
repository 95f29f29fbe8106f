import { z } from "zod";
import { parseTemplate } from "../profiles/config-template.ts";
import { declare } from "./declare.ts";
import { diskSelector } from "./disk-selector.ts";

/** Text with facts of the machine in it; what is wrong with it is said when it is given, not when a machine boots. */
const template = z.string().superRefine((text, context) => {
  const read = parseTemplate(text);
  if (read.is === "template") return;
  for (const { line, column, why } of read.problems) {
    context.addIssue({ code: "custom", message: `line ${line}, column ${column}: ${why}` });
  }
});

/** A structured argument: never a piece of command line, into which foreign text could be smuggled. */
const kernelArgument = z.strictObject({
  name: z.string().regex(/^[A-Za-z0-9_.-]+$/),
  value: z
    .string()
    // oxlint-disable-next-line no-control-regex -- control characters are what is refused
    .regex(/^[^\s"'\\\u0000-\u001f\u007f]*$/u, "no blanks, quotes or control characters")
    .pipe(template)
    .optional(),
});
const clusterName = z
  .string()
  .regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, "small letters, digits and dashes");
const assetName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._/-]*$/);

/** Of a node that is one of a cluster: Ingot makes its machine config, with the cluster's secrets in it. */
const membership = z
  .strictObject({
    cluster: clusterName,
    as: z.enum(["controlplane", "worker"]),
    /** Where the control plane is reached; a control plane without it is its own. Facts of the machine may stand in it. */
    endpoint: template.optional(),
    /** Applied to the config that was made, one after the other: strategic merges, or lists of JSON6902 operations. */
    patches: z.array(template).optional(),
  })
  .refine(({ as, endpoint }) => as === "controlplane" || endpoint !== undefined, {
    path: ["endpoint"],
    message: "a worker has to be told where the control plane is",
  });

/** What an assigned machine boots, which config it is handed, and by what its installation is known. Id: its name. */
export const Profile = declare("Profiles", {
  aliases: ["profile", "profiles"],
  columns: { boots: "{.boots.what}", installed: "{.installedBy.evidence}" },
  spec: z
    .strictObject({
      boots: z.discriminatedUnion("what", [
        /** Ingot's own system, by the id of its Image: `ingot serve --image NAME=FOLDER`. */
        z.strictObject({
          what: z.literal("ingot"),
          image: z.string(),
          arguments: z.array(kernelArgument),
        }),
        z.strictObject({
          what: z.literal("kernel"),
          kernel: assetName,
          initrds: z.array(assetName),
          arguments: z.array(kernelArgument),
        }),
        /** An iPXE script elsewhere, such as an image factory's. */
        z.strictObject({ what: z.literal("chain"), url: z.url({ protocol: /^https?$/ }).pipe(template) }),
      ]),
      /** A template: `{{ machine.name }}` and its like are replaced by facts of the machine. */
      config: z
        .strictObject({
          template,
          /**
           * By what a machine proves that the config is for it. A boot token unless said otherwise: it is in
           * `{{provisioner.config}}`, for a kernel argument. `identity` is for what boots with arguments that somebody
           * else fixed: the first to name the machine while it boots to be installed is believed.
           */
          provenBy: z.enum(["bootToken", "identity"]).optional(),
        })
        .optional(),
      /** Instead of `config`. Its node is then watched over its API, as one of the cluster. */
      memberOf: membership.optional(),
      installDisk: diskSelector,
      installedBy: z.discriminatedUnion("evidence", [
        z.strictObject({ evidence: z.literal("nodeApi") }),
        z.strictObject({ evidence: z.literal("phoneHome") }),
        z.strictObject({ evidence: z.literal("operator") }),
      ]),
    })
    .refine(({ config, memberOf }) => !config || !memberOf, {
      path: ["memberOf"],
      message: "has a config of its own: leave `config` out",
    }),
});
