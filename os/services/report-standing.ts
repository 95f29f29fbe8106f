import { isIP } from "node:net";
import type { State } from "../../cosi/state.ts";
import type { MachineConfig } from "../../machine-config/machine-config.ts";
import { ClusterInfo } from "../resources/cluster.ts";
import { MachineType } from "../resources/config/machine-config.ts";
import { OsRootSecret } from "../resources/secrets.ts";
import type { ApiStanding } from "./api/machine-api.ts";

/** Tells, as resources, what the config makes of the node: its type, its cluster, whom it trusts. */
export async function reportStanding(
  state: State,
  { identity }: ApiStanding,
  config: MachineConfig | undefined,
): Promise<void> {
  await state.as("MachineType").set(MachineType, "machine-type", { spec: identity?.type ?? "unknown" });
  const { id: clusterId = "", clusterName = "" } = config?.v1alpha1?.cluster ?? {};
  if (!identity) return;
  await state.as("ClusterInfo").set(ClusterInfo, "current", { spec: { clusterId, clusterName } });
  const { authority, accepted, certSans, token } = identity;
  const base64 = (pem: string) => Buffer.from(pem).toString("base64");
  await state.as("OSRoot").set(OsRootSecret, "os", {
    spec: {
      issuingCA: { crt: base64(authority?.crt ?? ""), key: base64(authority?.key ?? "") },
      acceptedCAs: accepted.map(({ pem }) => ({ crt: base64(pem) })),
      certSANIPs: certSans.filter((san) => isIP(san) !== 0),
      certSANDNSNames: certSans.filter((san) => isIP(san) === 0),
      token,
    },
  });
}
