import { controller } from "../../../cosi/engine/controller.ts";
import { namedBy } from "../../../cosi/engine/reads.ts";
import type { DhcpClients } from "../../network/dhcp-clients.ts";
import { OperatorSpec } from "../../resources/network/dhcp.ts";
import { LinkStatus } from "../../resources/network/link.ts";

/** Has a DHCP client run on every link that shall have one, while there is somebody at the other end. */
export const operatorSpecs = (clients: Pick<DhcpClients, "run" | "stop">) =>
  controller({
    name: "OperatorSpec",
    each: OperatorSpec,
    reads: { link: namedBy(OperatorSpec, LinkStatus, ({ spec }) => spec.linkName) },

    reconcile({ spec: { linkName } }, { link }) {
      if (!link?.spec.linkState) {
        clients.stop(linkName);
        return { do: "wait", why: link ? `${linkName} has no link` : `there is no port ${linkName}` };
      }
      clients.run(linkName, link.spec.index, link.spec.hardwareAddr);
      return { do: "done" };
    },

    teardown({ spec: { linkName } }) {
      clients.stop(linkName);
      return { do: "remove" };
    },
  });
