import type { ResourceType } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { type MachineConfig as Config, parseMachineConfig } from "../../machine-config/machine-config.ts";
import { identitySettings } from "../../machine-config/settings/identity.ts";
import { MachineConfig } from "../resources/config/machine-config.ts";
import { HostnameStatus } from "../resources/network/names.ts";
import { NodeAddress } from "../resources/network/node.ts";
import type { ApiStanding } from "./api/machine-api.ts";
import { nodeNames } from "./api/node-names.ts";

/** What the node is to others now, and again whenever that changes. Ends with the signal, and when `changed` fails. */
export async function followStanding(
  state: State,
  changed: (standing: ApiStanding, config: Config | undefined) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  let config: Config | undefined;
  let hostname = { hostname: "", domainname: "" };
  let addresses: readonly string[] = [];
  const told = () => {
    const identity = config && identitySettings(config);
    const names = nodeNames({ ...hostname, addresses, certSans: identity?.certSans ?? [] });
    return changed({ identity, names }, config);
  };
  // All are looked at before the first word, so that nobody is told what is only half of it.
  const missing = new Set<ResourceType>([MachineConfig, HostnameStatus, NodeAddress]);
  const over = new AbortController();
  const until = AbortSignal.any([signal, over.signal]);
  async function follow(type: ResourceType, look: () => Promise<void>): Promise<void> {
    for await (const events of state.watch(type, { signal: until })) {
      if (events.length === 0) continue;
      await look();
      missing.delete(type);
      if (missing.size === 0) await told();
    }
  }
  try {
    await Promise.all([
      follow(MachineConfig, async () => {
        const active = await state.find(MachineConfig, "v1alpha1");
        config = active && parseMachineConfig(active.spec.yaml);
      }),
      follow(HostnameStatus, async () => {
        const { resources } = await state.list(HostnameStatus);
        hostname = resources[0]?.spec ?? hostname;
      }),
      follow(NodeAddress, async () => {
        const current = await state.find(NodeAddress, "current");
        addresses = current?.spec.addresses ?? [];
      }),
    ]);
  } finally {
    // The others would go on to tell of changes that nobody follows any more.
    over.abort();
  }
}
