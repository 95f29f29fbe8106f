import { controller } from "../../../cosi/engine/controller.ts";
import { namedBy } from "../../../cosi/engine/reads.ts";
import type { KernelNetwork } from "../../network/kernel-network.ts";
import { LinkStatus } from "../../resources/network/link.ts";
import { LinkAliasSpec } from "../../resources/network/link-alias.ts";

/** Tells the kernel what ports are called, so that everybody who asks it knows. */
export const linkAliasSpecs = ({ setAlias }: Pick<KernelNetwork, "setAlias">) =>
  controller({
    name: "LinkAliasSpec",
    each: LinkAliasSpec,
    reads: { link: namedBy(LinkAliasSpec, LinkStatus, ({ metadata }) => metadata.id) },
    async reconcile({ metadata: { id }, spec: { alias } }, { link }) {
      if (!link) return { do: "wait", why: `there is no link ${id}` };
      if (link.spec.alias !== alias) await setAlias(id, link.spec.index, alias);
      return { do: "done" };
    },
    async teardown({ metadata: { id } }, { link }) {
      if (link) await setAlias(id, link.spec.index, "");
      return { do: "remove" };
    },
  });
