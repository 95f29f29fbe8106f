// A machine's story: where it is, why, what it waits for, what comes next, what one can do, and what happened.
import type { SpecOf } from "../../cosi/resource.ts";
import { bootDoubt } from "../decisions/boot-doubt.ts";
import { bootMode } from "../decisions/boot-mode.ts";
import { gatherFacts, type Records } from "../decisions/facts.ts";
import { installDisk } from "../decisions/install-disk.ts";
import { legalActions } from "../decisions/legal-actions.ts";
import { nextStep } from "../decisions/next-step.ts";
import { powerWanted } from "../decisions/power-wanted.ts";
import type { Event } from "../resources/event.ts";
import type { Profile } from "../resources/profile.ts";

export function storyOf(
  id: string,
  records: Records,
  events: readonly SpecOf<typeof Event>[],
  now: Date,
  profile?: SpecOf<typeof Profile>,
) {
  const facts = gatherFacts(records);
  const { stage, why, waitsFor, next, slaMs } = nextStep(facts);
  const { machine, status, boot, power, wipe, assignment, inventory, installation, conflict, nodeOrder } =
    records;
  const boots = bootMode(facts);
  const shall = powerWanted(facts);
  /** By the network, and soon. */
  const comes = slaMs !== undefined && boots.is !== "disk";
  const progress = status?.spec.progress;
  const run = wipe?.spec.run;
  return {
    id,
    name: machine.spec.name,
    identity: machine.spec.identity,
    stage,
    why,
    since: status?.spec.stage === stage ? status.spec.since : undefined,
    waitsFor,
    next,
    /** Nothing more happens by itself. */
    resting: slaMs === undefined,
    deadline: progress?.is === "onTime" ? progress.deadline : undefined,
    retries: progress?.is === "onTime" ? progress.retries : undefined,
    gaveUp:
      progress?.is === "gaveUp" ? { at: progress.at, step: progress.step, why: progress.why } : undefined,
    nextBoot: { mode: boots.is, why: boots.why },
    power: {
      is: power?.spec.power ?? "unknown",
      wanted: shall.is,
      why: shall.why,
    },
    boot: boot?.spec,
    /** Why it may be that it does not come. */
    doubt: comes ? bootDoubt({ boot: boot?.spec, power: power?.spec, now }) : undefined,
    wipe: run && {
      state: run.state,
      wipeId: run.wipeId,
      wipedAt: wipe.spec.wipedAt,
      why: "why" in run ? run.why : undefined,
      /** What is to be looked at, or replaced. */
      unerased: run.state === "failed" ? run.disks.flatMap(badDisk(inventory?.spec)) : undefined,
    },
    assignment: assignment && { profile: assignment.spec.profile, how: assignment.spec.how },
    installDisk: profile && inventory && installPlace(profile, inventory.spec),
    installation: installation && { evidence: installation.spec.evidence, node: installation.spec.node },
    nodeOrder: nodeOrder && {
      what: nodeOrder.spec.what,
      state: nodeOrder.spec.state,
      why: nodeOrder.spec.why,
    },
    conflict: conflict?.spec.claims.map(({ why }) => why),
    hardware: inventory && summary(inventory.spec),
    cordon: machine.spec.cordon,
    actions: legalActions(facts),
    events: events.map(({ at, what, count, severity }) => ({ at, what, count, severity })),
  };
}

function installPlace(profile: SpecOf<typeof Profile>, { disks }: Inventory) {
  const { disk, why, skipped } = installDisk(disks, profile.installDisk);
  return { disk: disk?.id, device: disk?.device, why, skipped };
}

type Inventory = NonNullable<Records["inventory"]>["spec"];

const badDisk =
  (inventory: Inventory | undefined) =>
  ({ disk, failure }: { readonly disk: string; readonly failure?: string | undefined }) =>
    failure === undefined
      ? []
      : [{ disk, device: inventory?.disks.find(({ id }) => id === disk)?.device, failure }];

const summary = ({ system, processors, memory, disks, networkInterfaces, gaps }: Inventory) => ({
  manufacturer: system.manufacturer,
  product: system.product,
  serial: system.serial,
  cores: processors.reduce((sum, { cores }) => sum + cores, 0),
  memoryBytes: memory.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  disks: disks.map(({ device, model, serial, sizeBytes }) => ({ device, model, serial, sizeBytes })),
  networkInterfaces: networkInterfaces.map(({ name, mac, carrier, neighbour }) => ({
    name,
    mac,
    carrier,
    switch: neighbour && `${neighbour.systemName} ${neighbour.portId}`,
  })),
  gaps,
});
