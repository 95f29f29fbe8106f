import { writeFileSync } from "node:fs";
import { collectionController } from "../../../cosi/engine/controller.ts";
import { the } from "../../../cosi/engine/reads.ts";
import { resolverSettings } from "../../../machine-config/settings/resolvers.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { HostEntries } from "../../resources/network/host-entries.ts";
import { HostnameStatus, hostnameId } from "../../resources/network/names.ts";
import { NodeAddress } from "../../resources/network/node.ts";
import { configIn } from "./config-in.ts";

/** hosts(5): the machine itself, and whom its config names. */
export const hosts = (file: string) =>
  collectionController({
    name: "Hosts",
    reads: {
      config: the(MachineConfig, "v1alpha1"),
      hostname: the(HostnameStatus, hostnameId),
      addresses: the(NodeAddress, "default"),
    },
    owns: the(HostEntries, "hosts"),
    reconcile({ config, hostname, addresses }) {
      const [own = "127.0.1.1"] = addresses?.spec.addresses ?? [];
      const { hostname: name = "", domainname: domain = "" } = hostname?.spec ?? {};
      const entries = [
        { address: "127.0.0.1", names: ["localhost"] },
        ...(name === ""
          ? []
          : [{ address: own.split("/")[0]!, names: domain === "" ? [name] : [`${name}.${domain}`, name] }]),
        { address: "::1", names: ["localhost", "ip6-localhost", "ip6-loopback"] },
        { address: "ff02::1", names: ["ip6-allnodes"] },
        { address: "ff02::2", names: ["ip6-allrouters"] },
        ...(config ? resolverSettings(configIn(config)).hosts : []).map(({ address, names }) => ({
          address,
          names: [...names],
        })),
      ];
      writeFileSync(file, entries.map(({ address, names }) => `${[address, ...names].join(" ")}\n`).join(""));
      return { do: "set", spec: { entries } };
    },
  });
