import type { SpecOf } from "../../../cosi/resource.ts";
import type { NetworkStatus } from "../../resources/network/node.ts";
import type { MachineStage, Service } from "../../resources/runtime/node.ts";
import type { TimeStatus } from "../../resources/time-status.ts";

export interface NodeFacts {
  readonly stage: SpecOf<typeof MachineStage>["stage"];
  readonly time: SpecOf<typeof TimeStatus> | undefined;
  readonly network: SpecOf<typeof NetworkStatus> | undefined;
  readonly services: ReadonlyMap<string, SpecOf<typeof Service>>;
  readonly machineType: string | undefined;
}

export interface UnmetCondition {
  readonly name: string;
  readonly reason: string;
}

/** Names and reasons are what clients of the API print. Each returns what is missing. */
const conditions: readonly (readonly [name: string, missing: (facts: NodeFacts) => string | undefined])[] = [
  ["time", ({ time }) => (time?.synced ? undefined : "time is not synced")],
  ["network", networkMissing],
  ["services", servicesMissing],
];

/** What a machine that boots or runs must still come to; nothing is asked of one that does something else. */
export function unmetConditions(facts: NodeFacts): UnmetCondition[] {
  if (facts.stage !== "booting" && facts.stage !== "running") return [];
  return conditions.flatMap(([name, missing]) => {
    const reason = missing(facts);
    return reason === undefined ? [] : [{ name, reason }];
  });
}

function networkMissing({ network }: NodeFacts): string | undefined {
  const missing = [
    ...(network?.addressReady ? [] : ["address"]),
    ...(network?.connectivityReady ? [] : ["connectivity"]),
    ...(network?.etcFilesReady ? [] : ["etc-files"]),
    ...(network?.hostnameReady ? [] : ["hostname"]),
  ];
  return missing.length === 0 ? undefined : `waiting on: ${missing.join(", ")}`;
}

function servicesMissing({ services, machineType }: NodeFacts): string | undefined {
  const required = ["apid", "machined", ...(machineType === "controlplane" ? ["trustd"] : [])];
  const problems = [
    ...[...services].flatMap(([id, { running, unknown, healthy }]) =>
      running && !unknown && !healthy ? [`${id} not healthy`] : [],
    ),
    ...required.filter((id) => !services.get(id)?.running).map((id) => `${id} not running`),
  ];
  return problems.length === 0 ? undefined : problems.join(", ");
}
