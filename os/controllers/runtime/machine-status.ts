import { collectionController } from "../../../cosi/engine/controller.ts";
import { all, the } from "../../../cosi/engine/reads.ts";
import { MachineType } from "../../resources/config/machine-config.ts";
import { NetworkStatus, networkStatusId } from "../../resources/network/node.ts";
import { MachineStage, MachineStatus, Service } from "../../resources/runtime/node.ts";
import { TimeStatus, timeStatusId } from "../../resources/time-status.ts";
import { unmetConditions } from "./readiness.ts";

/** Says whether the machine is what it should be, and what is missing. Upgrades and provisioners wait for it. */
export const machineStatus = collectionController({
  name: "MachineStatus",
  reads: {
    stage: the(MachineStage, "machine"),
    time: the(TimeStatus, timeStatusId),
    network: the(NetworkStatus, networkStatusId),
    services: all(Service),
    machineType: the(MachineType, "machine-type"),
  },
  owns: the(MachineStatus, "machine"),
  reconcile({ stage, time, network, services, machineType }) {
    if (!stage) return { do: "wait", why: "nothing has begun yet" };
    const unmet = unmetConditions({
      stage: stage.spec.stage,
      time: time?.spec,
      network: network?.spec,
      services: new Map(services.map(({ metadata, spec }) => [metadata.id, spec])),
      machineType: machineType?.spec,
    });
    const status = { ready: unmet.length === 0, unmetConditions: unmet };
    return { do: "set", spec: { stage: stage.spec.stage, status } };
  },
});
