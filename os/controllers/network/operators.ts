import { controller } from "../../../cosi/engine/controller.ts";
import { all, namedBy } from "../../../cosi/engine/reads.ts";
import type { DhcpClients } from "../../network/dhcp-clients.ts";
import type { Dhcp6Clients } from "../../network/dhcp6-clients.ts";
import { AddressStatus } from "../../resources/network/address.ts";
import { OperatorSpec } from "../../resources/network/dhcp.ts";
import { LinkStatus } from "../../resources/network/link.ts";

interface Clients {
  readonly dhcp4: Pick<DhcpClients, "run" | "stop">;
  readonly dhcp6: Pick<Dhcp6Clients, "run" | "stop">;
}

/** Has a DHCP client run on every link that shall have one, while there is somebody at the other end. */
export const operatorSpecs = (clients: Clients) =>
  controller({
    name: "OperatorSpec",
    each: OperatorSpec,
    reads: {
      link: namedBy(OperatorSpec, LinkStatus, ({ spec }) => spec.linkName),
      addresses: all(AddressStatus),
    },

    reconcile({ spec: { operator, linkName, dhcp6 } }, { link, addresses }) {
      if (!link?.spec.linkState) {
        clients[operator].stop(linkName);
        return { do: "wait", why: link ? `${linkName} has no link` : `there is no port ${linkName}` };
      }
      const { index, hardwareAddr: mac } = link.spec;
      if (operator === "dhcp4") clients.dhcp4.run(linkName, index, mac);
      else {
        // The kernel gives each link one, once it knows that nobody else has it.
        const own = addresses.find(
          ({ spec: { linkIndex, family, scope, tentative } }) =>
            linkIndex === index && family === "inet6" && scope === "link" && !tentative,
        );
        if (!own) return { do: "wait", why: `${linkName} has no IPv6 address of its own yet` };
        const [address = ""] = own.spec.address.split("/");
        clients.dhcp6.run(linkName, { address, mac, duid: dhcp6?.duid });
      }
      return { do: "done" };
    },

    teardown({ spec: { operator, linkName } }) {
      clients[operator].stop(linkName);
      return { do: "remove" };
    },
  });
