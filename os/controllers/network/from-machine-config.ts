import { collectionController } from "../../../cosi/engine/controller.ts";
import { many } from "../../../cosi/engine/owns.ts";
import { all, the } from "../../../cosi/engine/reads.ts";
import { routingRules } from "../../../machine-config/settings/routing.ts";
import { networkFromConfig } from "../../network/config-intent.ts";
import { MachineConfig } from "../../resources/config/machine-config.ts";
import { ConfiguredLinks } from "../../resources/network/configured-links.ts";
import { EthernetSpec } from "../../resources/network/ethernet.ts";
import { LinkStatus } from "../../resources/network/link.ts";
import { LinkAliasSpec } from "../../resources/network/link-alias.ts";
import { RoutingRuleSpec } from "../../resources/network/routing-rule.ts";
import { WireguardSpec } from "../../resources/network/wireguard.ts";
import { configIn } from "../config/config-in.ts";
import { layerOwned, observedLinks, outputsOf } from "./layer-outputs.ts";

/** As the machine config asks for it, once there is one. */
export const networkFromMachineConfig = (said: (text: string) => void) => {
  let refusedBefore: readonly string[] = [];
  return collectionController({
    name: "NetworkFromMachineConfig",
    reads: { links: all(LinkStatus), config: the(MachineConfig, "v1alpha1") },
    owns: {
      ...layerOwned,
      wireguard: many(WireguardSpec),
      rules: many(RoutingRuleSpec),
      aliases: many(LinkAliasSpec),
      ethernet: many(EthernetSpec),
      spoken: the(ConfiguredLinks, "configuration"),
    },
    reconcile({ links, config }) {
      if (!config) return { do: "remove", why: "there is no machine config" };
      const { intent, spoken, refused, aliases, ethernet } = networkFromConfig(
        configIn(config),
        observedLinks(links),
      );
      for (const why of refused) if (!refusedBefore.includes(why)) said(why);
      refusedBefore = refused;
      return {
        do: "set",
        outputs: {
          ...outputsOf("configuration", intent),
          wireguard: Object.fromEntries(
            Object.entries(intent.wireguard ?? {}).map(([name, spec]) => [name, { spec }]),
          ),
          rules: Object.fromEntries(
            routingRules(configIn(config)).map((spec) => [String(spec.priority), { spec }]),
          ),
          aliases: Object.fromEntries([...aliases].map(([name, alias]) => [name, { spec: { alias } }])),
          ethernet: Object.fromEntries([...ethernet].map(([name, spec]) => [name, { spec }])),
          spoken: { spec: { links: [...spoken] } },
        },
      };
    },
  });
};
