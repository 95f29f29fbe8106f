// Machines that were to boot while their pxe-server was away. One that goes on without its provisioner tells whom it
// turned away; of one that went itself, as the one inside a provisioner does, nobody is left who could.
import type { Clock } from "../../cosi/clock.ts";
import type { SpecOf } from "../../cosi/resource.ts";
import type { State } from "../../cosi/state.ts";
import { AlreadyExists, NotFound, PhaseConflict } from "../../cosi/state-errors.ts";
import { VersionConflict } from "../../cosi/store.ts";
import { bootMode } from "../decisions/boot-mode.ts";
import { gatherFacts } from "../decisions/facts.ts";
import { awaitsBoot } from "../decisions/power-command.ts";
import { BootStatus } from "../resources/boot-status.ts";
import { PowerStatus } from "../resources/power-status.ts";
import { recordsOf } from "./machine-records.ts";

interface Absence {
  readonly segment: string;
  readonly from: Date;
  readonly to: Date;
}

/** From power to the network: servers with much memory test it for minutes. */
const longestFirmwareMs = 10 * 60_000;

/** Writes down who may have asked and was not heard: whoever comes all the same is heard, and that is written then. */
export async function markUnheard(
  { state, clock }: { readonly state: State; readonly clock: Pick<Clock, "after"> },
  { segment, from, to }: Absence,
): Promise<void> {
  for (const { metadata, spec: power } of (await state.list(PowerStatus)).resources) {
    if (power.power !== "on") continue;
    const on = power.told?.at ?? power.since;
    if (on > to || on.getTime() < from.getTime() - longestFirmwareMs) continue;
    await markOne(state, metadata.id, on, { segment, from, to });
    // There may be a thousand of them, and others who ask what to boot.
    await new Promise<void>((resolve) => clock.after(0, resolve));
  }
}

async function markOne(state: State, id: string, on: Date, { segment, from, to }: Absence): Promise<void> {
  const records = await recordsOf(state, id);
  const facts = records && gatherFacts(records);
  if (!records || facts?.runs !== "unseen" || !awaitsBoot(facts)) return;
  const { boot } = records;
  const plan = bootMode(facts).is;
  if (plan === "alone" || (boot && goesOn(boot.spec, { on, to }))) return;
  const bootId = `unheard at ${segment} since ${from.toISOString()}`;
  const why = `the pxe-server of ${segment} was away`;
  const spec = { state: "booting", bootId, step: "unheard", plan, why, since: to, at: to } as const;
  try {
    if (boot) await state.update(BootStatus, id, { spec }, { version: boot.metadata.version });
    else await state.create(BootStatus, id, { spec });
  } catch (error) {
    // It is heard at this moment.
    const isNews =
      error instanceof VersionConflict ||
      error instanceof AlreadyExists ||
      error instanceof NotFound ||
      error instanceof PhaseConflict;
    if (!isNews) throw error;
  }
}

/** Whether a boot of this power-on needs no answer any more, or asks for one until it gets it. */
function goesOn(
  boot: SpecOf<typeof BootStatus>,
  { on, to }: { readonly on: Date; readonly to: Date },
): boolean {
  if (boot.state === "booting" && boot.at > to) return true;
  if (boot.state !== "booting" || boot.since < on) return false;
  // What loads may be its loader; but nobody ends an installation that may be under way.
  const mayInstall = boot.plan === "install" && (boot.step === "downloading" || boot.step === "downloaded");
  return boot.step === "scripted" || mayInstall;
}
